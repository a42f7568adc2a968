"""URLs of the people pages: home, one's inbox, saved views and account, users and teams."""

from django.contrib.auth.views import PasswordChangeDoneView
from django.urls import URLPattern, path

from portal.dashboards import views as dashboards
from portal.views import (
    account,
    account_tokens,
    admin_teams,
    admin_users,
    admin_webhooks,
    delegations,
    home,
    inbox,
    palette,
    preferences,
    saved_views,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("dashboards/runs-and-errors/", dashboards.runs_and_errors, name="panel-runs-and-errors"),
    path("palette/", palette.palette, name="palette"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/count/", inbox.count, name="inbox-count"),
    path("inbox/mark/", inbox.mark, name="inbox-mark"),
    path("inbox/mark-all/", inbox.mark_all, name="inbox-mark-all"),
    path("views/new/", saved_views.new_view, name="saved-view-new"),
    path("views/<int:number>/edit/", saved_views.edit_view, name="saved-view-edit"),
    path("views/<int:number>/delete/", saved_views.remove_view, name="saved-view-delete"),
    path("account/notifications/", preferences.preferences, name="preferences"),
    path("account/", account.account, name="account"),
    path("account/theme/", account.theme, name="account-theme"),
    path("account/password/", account.PasswordChange.as_view(), name="password_change"),
    path("account/password/done/", PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("account/set-password/<uidb64>/<token>/", account.SetPassword.as_view(), name="set-password"),
    path("account/tokens/new/", account_tokens.new_token, name="token-new"),
    path("account/tokens/<int:token_id>/revoke/", account_tokens.revoke_token, name="token-revoke"),
    path("account/delegations/new/", delegations.new_delegation, name="delegation-new"),
    path("account/delegations/<int:number>/end/", delegations.end, name="delegation-end"),
    path("admin/users/", admin_users.user_list, name="admin-users"),
    path("admin/new-user/", admin_users.invite, name="admin-user-new"),
    path("admin/users/<int:user_id>/", admin_users.user_page, name="admin-user"),
    path("admin/users/<int:user_id>/roles/new/", admin_users.add_role, name="admin-role-new"),
    path("admin/users/<int:user_id>/<slug:name>/", admin_users.act, name="admin-user-act"),
    path("admin/roles/<int:membership_id>/remove/", admin_users.remove_role, name="admin-role-remove"),
    path("admin/tokens/<int:token_id>/revoke/", admin_users.revoke_token, name="admin-token-revoke"),
    path("admin/teams/", admin_teams.team_list, name="admin-teams"),
    path("admin/new-team/", admin_teams.new_team, name="admin-team-new"),
    path("admin/teams/<slug:name>/", admin_teams.team_page, name="admin-team"),
    path("admin/teams/<slug:name>/edit/", admin_teams.edit_team, name="admin-team-edit"),
    path("admin/teams/<slug:name>/members/new/", admin_teams.add_member, name="admin-member-new"),
    path("admin/webhook-deliveries/<int:delivery_id>/resend/", admin_webhooks.send_again, name="admin-webhook-resend"),
]
