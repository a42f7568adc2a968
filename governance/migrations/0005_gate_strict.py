import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0004_gate_rows'),
        ('orchestration', '0005_endings'),
    ]

    operations = [
        migrations.AlterField(
            model_name='change',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orchestration.team'),
        ),
        migrations.RemoveField(model_name='change', name='teams'),
        migrations.AddField(
            model_name='change',
            name='teams',
            field=models.ManyToManyField(related_name='+', through='governance.ReviewRequest', to='orchestration.team'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'changes_requested', 'approved', 'scheduled'])), fields=('kind', 'name', 'number'), name='one_open_change'),
        ),
    ]
