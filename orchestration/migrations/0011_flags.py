import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orchestration', '0010_schedules'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=63, unique=True)),
                ('description', models.TextField(blank=True, default='')),
                ('switched', models.CharField(blank=True, choices=[('', 'as declared'), ('on', 'On'), ('off', 'Off')], default='', max_length=3)),
                ('document', models.JSONField(default=dict)),
                ('content_hash', models.CharField(max_length=64)),
                ('source', models.JSONField(blank=True, default=dict)),
                ('applied_at', models.DateTimeField(auto_now=True)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='orchestration.team')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalFlag',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.SlugField(max_length=63)),
                ('description', models.TextField(blank=True, default='')),
                ('switched', models.CharField(blank=True, choices=[('', 'as declared'), ('on', 'On'), ('off', 'Off')], default='', max_length=3)),
                ('document', models.JSONField(default=dict)),
                ('content_hash', models.CharField(max_length=64)),
                ('source', models.JSONField(blank=True, default=dict)),
                ('applied_at', models.DateTimeField(blank=True, editable=False)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='orchestration.team')),
            ],
            options={
                'verbose_name': 'historical flag',
                'verbose_name_plural': 'historical flags',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='RunFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=63)),
                ('is_on', models.BooleanField()),
                ('why', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='orchestration.run')),
            ],
            options={
                'indexes': [models.Index(fields=['name', '-at'], name='run_flag_recent')],
                'constraints': [models.UniqueConstraint(fields=('run', 'name'), name='one_flag_per_run')],
            },
        ),
    ]
