"""Manifests: from YAML text to typed, checked, canonical resources and to the plan of a workflow.

Owns everything declarative. Pure: no Django, no database, no network; other resources are the services' business.
"""

from .calls import Call, calls
from .differences import Difference, diff
from .editor_schema import json_schema
from .expressions import Expression, compile_expression
from .loading import Loaded, Resource, load
from .models.channels import LONGEST_WEBHOOK_URL, WEBHOOK_EVENTS
from .plan import Plan, PlannedCompensation, PlannedFallback, PlannedFlag, PlannedStep, RetryPolicySpec, Timeouts
from .planning import build_plan, retry_policy_of
from .problems import Finding, Problem, write_path
from .reads import FieldRead, Given, PortKey, given, reads, sole_read
from .release import notices
from .scalars import Reference, format_duration, parse_duration, parse_rate, parse_reference
from .step_checks import check_time
from .templates import Template, compile_template
from .values import ExpressionError

__all__ = [
    "LONGEST_WEBHOOK_URL",
    "WEBHOOK_EVENTS",
    "Call",
    "Difference",
    "Expression",
    "ExpressionError",
    "FieldRead",
    "Finding",
    "Given",
    "Loaded",
    "Plan",
    "PlannedCompensation",
    "PlannedFallback",
    "PlannedFlag",
    "PlannedStep",
    "PortKey",
    "Problem",
    "Reference",
    "Resource",
    "RetryPolicySpec",
    "Template",
    "Timeouts",
    "build_plan",
    "calls",
    "check_time",
    "compile_expression",
    "compile_template",
    "diff",
    "format_duration",
    "given",
    "json_schema",
    "load",
    "notices",
    "parse_duration",
    "parse_rate",
    "parse_reference",
    "reads",
    "retry_policy_of",
    "sole_read",
    "write_path",
]
