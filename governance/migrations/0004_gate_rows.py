"""What changes were about, and whom they asked, as the gate keeps it now. Rows only: PostgreSQL wants them apart from columns."""

from django.db import migrations


def keep(apps, schema_editor):
    alias = schema_editor.connection.alias
    change_model, request_model = apps.get_model("governance", "Change"), apps.get_model("governance", "ReviewRequest")
    for change in change_model.objects.using(alias).select_related("version__contract"):
        contract = change.version.contract
        change.kind, change.name, change.number = "contract.publish", contract.name, change.version.version
        change.owner_id = contract.owner_id
        change.save(using=alias)
        for team in change.teams.all():
            why = "owns the contract" if team.pk == contract.owner_id else "a workflow of its uses it"
            request_model.objects.using(alias).create(change=change, team=team, why=why)


class Migration(migrations.Migration):

    dependencies = [("governance", "0003_gate")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
