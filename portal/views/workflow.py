"""One workflow: its head and diagram, and a tab each for runs, dependencies, decisions, runbooks, versions, history.

Also the manifest of a version and the difference of two. Tabs are pages with URLs of their own. Never writes.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.runbooks.freshness import Freshness
from governance.selectors.decisions import decisions_of
from governance.selectors.runbooks import freshness_of, runbooks_of
from orchestration import clock
from orchestration.models import Dependency, Workflow, WorkflowVersion
from orchestration.selectors.runs import RunFilter, runs
from orchestration.selectors.workflows import WorkflowHealth, find_version, find_workflow, health_of, plan_for, version_diff, versions_of
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import plan_graph, textdiff, workflow_pages
from portal.presentation.runs import row
from portal.presentation.step_words import call
from portal.presentation.words import decision_look, runbook_look
from portal.views.shapes import shape
