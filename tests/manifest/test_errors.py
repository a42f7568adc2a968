"""Every error of a manifest, with its exact words and place."""

import pytest

from orchestration.manifest import load

from .samples import problems, resource, workflow

KINDS = "http, python, celery, workflow, approval, wait, event, emit, value"

STEPS = [
    # needs, references, the graph
    ("a: {value: 1}\nb: {value: 1, needs: [aa]}", ["m.yaml:7:27 steps.b.needs[0]: no step 'aa'; did you mean 'a'?"]),
    (
        'charge: {value: 1}\nb:\n  value: {x: ["${{ steps.chrage.output }}"]}',
        ["m.yaml:8:19 steps.b.value.x[0]: no step 'chrage'; did you mean 'charge'?"],
    ),
    (
        "a: {value: '${{ steps.b.output }}'}\nb: {value: 1, needs: [c]}\nc: {value: 1, when: steps.a.output}",
        ["m.yaml:6:5 steps.a: the steps wait for each other: a → c → b → a; remove one of these references or needs"],
    ),
    (
        "a: {value: '${{ steps.a.output }}'}",
        ["m.yaml:6:5 steps.a: the steps wait for each other: a → a; remove one of these references or needs"],
    ),
    (
        "a: {value: 1, needs: [a]}",
        ["m.yaml:6:5 steps.a: the steps wait for each other: a → a; remove one of these references or needs"],
    ),
    (
        "a: {value: '${{ steps.b.id }}'}\nb: {value: 1}",
        ["m.yaml:6:16 steps.a.value: of a step its output can be read: steps.b.output"],
    ),
    (
        "a: {value: '${{ steps.b }}'}\nb: {value: 1}",
        ["m.yaml:6:16 steps.a.value: of a step its output can be read: steps.b.output"],
    ),
    (
        "a: {value: '${{ steps[input.x].output }}'}",
        ["m.yaml:6:16 steps.a.value: name the step that is read: steps.<name>.output"],
    ),
    (
        "a: {value: '${{ reserve.output }}'}\nreserve: {value: 1}",
        ["m.yaml:6:16 steps.a.value: no name 'reserve'; a step's output is read as steps.reserve.output"],
    ),
    ("a: {value: '${{ inptu.x }}'}", ["m.yaml:6:16 steps.a.value: no name 'inptu'; did you mean 'input'?"]),
    (
        "a: {value: '${{ run.indentifier }}'}",
        [
            "m.yaml:6:16 steps.a.value: 'run' has no field 'indentifier'; there are: id, key, started_at, version, workflow"
        ],
    ),
    (
        "a: {value: 1, compensate: {value: '${{ steps.b.output }}'}}\nb: {value: 1}",
        [
            "m.yaml:6:39 steps.a.compensate.value: a compensation reads its own step and those before it; 'b' does not come before 'a'"
        ],
    ),
    (
        "a: {value: 1, compensate: {value: '${{ step.ouput }}'}}",
        ["m.yaml:6:39 steps.a.compensate.value: 'step' has no field 'ouput'; did you mean 'output'?"],
    ),
    # roots by place
    (
        "a: {value: '${{ secrets.x }}'}",
        ["m.yaml:6:16 steps.a.value: 'secrets' can be read only in the headers, query and json of an http step"],
    ),
    (
        "a: {http: {path: '/${{ secrets.x }}'}, dependency: d}",
        ["m.yaml:6:22 steps.a.http.path: 'secrets' can be read only in the headers, query and json of an http step"],
    ),
    (
        "a: {value: '${{ env.x }}'}",
        ["m.yaml:6:16 steps.a.value: 'env' can be read only in a Dependency's base_url and authorization"],
    ),
    ("a: {value: '${{ step.output }}'}", ["m.yaml:6:16 steps.a.value: 'step' can be read only in compensate"]),
    (
        "a: {value: 1, when: output.x}",
        ["m.yaml:6:25 steps.a.when: 'output' can be read only in expect; another step's output is steps.<name>.output"],
    ),
    ("a: {value: 1, when: 'event.x'}", ["m.yaml:6:25 steps.a.when: 'event' can be read only in a Trigger"]),
    # the grammar
    ("a: {value: '${{ 9**9**9 }}'}", ["m.yaml:6:16 steps.a.value: '**' isn't part of the expression language"]),
    ("a: {value: '${{ input.x() }}'}", ["m.yaml:6:16 steps.a.value: a call isn't part of the expression language"]),
    (
        "a: {value: 1, when: '${{ input.x }}'}",
        ["m.yaml:6:25 steps.a.when: write the expression bare here, without ${{ }}"],
    ),
    (
        "a: {value: 1, expect: ['output ==']}",
        ["m.yaml:6:28 steps.a.expect[0]: can't be read as an expression: unexpected 'end of the expression'"],
    ),
    ("a: {value: '${{ input.x'}", ["m.yaml:6:16 steps.a.value: '${{' is never closed; end the expression with '}}'"]),
    (
        "a: {value: {'${{ input.x }}': 1}}",
        ["m.yaml:6:17 steps.a.value['${{ input.x }}']: an expression can stand in a value, not in a key"],
    ),
    # kinds and the fields that belong to them
    ("a: {intent: x}", [f"m.yaml:6:5 steps.a: a step has exactly one kind of {KINDS}; this one has none"]),
    (
        "a: {python: x.y, value: 1}",
        [f"m.yaml:6:5 steps.a: a step has exactly one kind of {KINDS}; this one has python and value"],
    ),
    ("a: {http: {path: /x}}", ["m.yaml:6:5 steps.a: an http step needs a 'dependency'; it gives the base_url"]),
    (
        "a: {http: {path: x}, dependency: d}",
        ["m.yaml:6:22 steps.a.http.path: a path begins with one '/'; the host comes from the Dependency's base_url"],
    ),
    (
        "a: {http: {path: //evil.example/x}, dependency: d}",
        ["m.yaml:6:22 steps.a.http.path: a path begins with one '/'; the host comes from the Dependency's base_url"],
    ),
    (
        "a: {http: {path: '/x/${{ input.id }}?y=1'}, dependency: d}",
        ["m.yaml:6:22 steps.a.http.path: a path has no '?' or '#'; put parameters into 'query'"],
    ),
    (
        "a: {http: {path: /x, headers: {Idempotency-Key: a}}, dependency: d}",
        [
            "m.yaml:6:36 steps.a.http.headers.Idempotency-Key: the engine sets the header 'Idempotency-Key' itself; remove it"
        ],
    ),
    (
        "a: {http: {path: /x, method: FETCH}, dependency: d}",
        [
            "m.yaml:6:34 steps.a.http.method: wanted 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE' or 'OPTIONS'; got 'FETCH'; did you mean 'PATCH'?"
        ],
    ),
    (
        "a: {value: 1, with: {x: 1}}",
        [
            "m.yaml:6:19 steps.a.with: 'with' is the input of a python, celery, workflow step; this step has none of these kinds"
        ],
    ),
    ("a: {wait: {for: 5}}", ["m.yaml:6:21 steps.a.wait.for: wanted text; got a number; quote it"]),
    (
        "a: {wait: {for: soon}}",
        ["m.yaml:6:21 steps.a.wait.for: wanted a duration such as 250ms, 5s or 1h30m; got 'soon'"],
    ),
    (
        "a: {wait: {until: '2030-01-01T00:00:00'}}",
        [
            "m.yaml:6:23 steps.a.wait.until: '2030-01-01T00:00:00' has no time zone; end it with Z or an offset such as +01:00"
        ],
    ),
    (
        "a: {wait: {for: 5s, until: '2030-01-01T00:00:00Z'}}",
        ["m.yaml:6:9 steps.a.wait: a wait has either 'for' or 'until'; this one has for and until"],
    ),
    (
        "a: {value: 1, compensate: {}}",
        [
            "m.yaml:6:19 steps.a.compensate: a compensation has exactly one of http, python, value, none; this one has none"
        ],
    ),
    (
        "a: {value: 1, compensate: {http: {path: /x}}}",
        ["m.yaml:6:19 steps.a.compensate: an http compensation needs a 'dependency', its own or the step's"],
    ),
    (
        "a: {value: 1, for_each: {in: [1], as: input}}",
        ["m.yaml:6:43 steps.a.for_each.as: 'input' already means something in expressions; choose another name"],
    ),
    # shape
    ("a: {value: 1, efect: read}", ["m.yaml:6:19 steps.a.efect: unknown key 'efect'; did you mean 'effect'?"]),
    (
        "Big: {value: 1}",
        [
            "m.yaml:6:5 steps.Big: wanted a step name of lower-case letters, digits and underscores such as ship_parcel; got 'Big'"
        ],
    ),
    ("a: [1]", ["m.yaml:6:8 steps.a: wanted a mapping; got a list"]),
    ("a: {value: 1, join: som}", ["m.yaml:6:25 steps.a.join: wanted 'all' or 'any'; got 'som'"]),
    ("a: {value: 1, needs: b}", ["m.yaml:6:26 steps.a.needs: wanted a list; got text"]),
    (
        "a: {value: 1, timeout: {start_to_close: 5}}",
        [
            "m.yaml:6:45 steps.a.timeout.start_to_close: wanted a duration with its unit such as 250ms, 5s or 1h30m; got a number"
        ],
    ),
    (
        "a: {value: 1, timeout: {start_to_close: 0s}}",
        ["m.yaml:6:45 steps.a.timeout.start_to_close: wanted a duration longer than zero"],
    ),
    (
        "a: {value: 1, retry: {maximum_attempts: 0}}",
        ["m.yaml:6:45 steps.a.retry.maximum_attempts: wanted at least 1; got 0"],
    ),
    (
        "a: {value: 1, retry: {maxmum_attempts: 2}}",
        ["m.yaml:6:27 steps.a.retry.maxmum_attempts: unknown key 'maxmum_attempts'; did you mean 'maximum_attempts'?"],
    ),
    ("a: {value: 1, retry: 3}", ["m.yaml:6:26 steps.a.retry: wanted text; got a number; quote it"]),
    (
        "a: {value: 1, contract: {output: order.placed}}",
        [
            "m.yaml:6:38 steps.a.contract.output: wanted a name and a version range such as order.placed@^1.2; got 'order.placed'"
        ],
    ),
    (
        "a: {value: 1, contract: {output: order.placed@latest}}",
        ["m.yaml:6:38 steps.a.contract.output: 'latest' is no version range; write one such as ^1.2, ~2.0.1 or 3.x"],
    ),
    (
        "a: {value: 1, compensate_on_unknown: no}",
        ["m.yaml:6:42 steps.a.compensate_on_unknown: wanted true or false; got text"],
    ),
    (
        "a: {value: 1, objectives: {success: 101%}}",
        ["m.yaml:6:41 steps.a.objectives.success: wanted a percentage from 0% to 100% such as 99.5%; got '101%'"],
    ),
]


@pytest.mark.parametrize(("steps", "expected"), STEPS)
def test_an_error_in_a_step_has_its_place_and_its_remedy(steps, expected):
    assert problems(workflow(steps)) == expected


HEADS = [
    (
        "apiVersion: plumbline/v1\nkind: Workflw\nmetadata: {}\n",
        ["m.yaml:2:7 kind: no kind 'Workflw'; did you mean 'Workflow'?"],
    ),
    (
        "apiVersion: plumbline/v1\nkind: FaultPlan\n",
        ["m.yaml:2:7 kind: kind 'FaultPlan' is planned; this release doesn't know it yet"],
    ),
    (
        "apiVersion: plumbline/v1\nkind: 3\n",
        [
            "m.yaml:2:7 kind: wanted one of Team, Dependency, Contract, Workflow, Schedule, Trigger, Flag, RetryPolicy, GatePolicy; got a number"
        ],
    ),
    ("apiVersion: v2\nkind: Team\nmetadata: {name: a}\n", ["m.yaml:1:13 apiVersion: wanted 'plumbline/v1'; got 'v2'"]),
    ("- 1\n", ["m.yaml:1:1: wanted a mapping with apiVersion, kind, metadata and spec; got a list"]),
    ("hello", ["m.yaml:1:1: wanted a mapping with apiVersion, kind, metadata and spec; got text"]),
    (
        resource("Team", "{name: A}", "{}"),
        [
            "m.yaml:3:18 metadata.name: wanted a name of lower-case letters, digits and hyphens such as order-fulfilment; got 'A'"
        ],
    ),
    (
        resource("Team", "{name: " + "a" * 64 + "}", "{}"),
        ["m.yaml:3:18 metadata.name: a name has at most 63 characters; this one has 64"],
    ),
    (
        resource("Team", "{name: a, owner: b}", "{}"),
        ["m.yaml:3:21 metadata.owner: unknown key 'owner'; there are: name, description"],
    ),
    (resource("Dependency", "{name: a}", "{}"), ["m.yaml:3:11 metadata.owner: is missing; it is required here"]),
    (
        resource("Dependency", "{name: a, owner: b, version: 1.0.0}", "{}"),
        ["m.yaml:3:31 metadata.version: unknown key 'version'; there are: name, description, owner"],
    ),
    (
        resource("Dependency", "{name: a, owner: b}", "{rate_limit: 50}"),
        ["m.yaml:4:20 rate_limit: wanted text; got a number; quote it"],
    ),
    (
        resource("Dependency", "{name: a, owner: b}", "{rate_limit: 0/s}"),
        ["m.yaml:4:20 rate_limit: wanted a rate such as 50/s, 100/m or 1000/h; got '0/s'"],
    ),
    (
        resource("Dependency", "{name: a, owner: b}", "{base_url: ftp://x}"),
        ["m.yaml:4:18 base_url: wanted a URL that begins with http:// or https://"],
    ),
    (
        resource("Dependency", "{name: a, owner: b}", "{base_url: 'http://u:p@x'}"),
        ["m.yaml:4:18 base_url: a base_url holds no user or password; name a secret in 'authorization'"],
    ),
    (
        resource("Dependency", "{name: a, owner: b}", "{base_url: 'http://'}"),
        ["m.yaml:4:18 base_url: the URL has no valid host"],
    ),
    (
        resource("Dependency", "{name: a, owner: b}", "{base_url: '${{ secrets.url }}'}"),
        ["m.yaml:4:18 base_url: 'secrets' can be read only in the headers, query and json of an http step"],
    ),
    (
        resource("Team", "{name: a}", "{channels: ['#checkout']}"),
        ["m.yaml:4:19 channels[0]: wanted a mapping; got text"],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://x.example'}]}"),
        ["m.yaml:4:19 channels[0].secret: is missing; it is required here"],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: ftp://x, secret: s}]}"),
        [
            "m.yaml:4:29 channels[0].webhook: "
            "wanted a URL that begins with https://, or with http:// inside a private network"
        ],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://u:p@x.example', secret: s}]}"),
        [
            "m.yaml:4:29 channels[0].webhook: "
            "a webhook URL holds no user or password; the receiver checks the signature that 'secret' makes"
        ],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://:0/x', secret: s}]}"),
        ["m.yaml:4:29 channels[0].webhook: the URL has no valid host"],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://[x/y', secret: s}]}"),
        ["m.yaml:4:29 channels[0].webhook: the URL has no valid host"],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://x.example/é', secret: s}]}"),
        [
            "m.yaml:4:29 channels[0].webhook: a URL has no spaces and only ASCII; "
            "write other characters percent-encoded, and such a host as xn--…"
        ],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://${{ env.X }}/', secret: s}]}"),
        ["m.yaml:4:29 channels[0].webhook: a webhook URL holds no expression; write it out"],
    ),
    (
        resource(
            "Team", "{name: a}", "{channels: [{webhook: 'https://x.example', secret: s, events: [change.aplied]}]}"
        ),
        [
            "m.yaml:4:70 channels[0].events[0]: wanted 'change.proposed', 'change.reviewed', 'change.reminder', "
            "'change.applied', 'change.rejected', 'change.glass_broken', 'version.published', 'version.deprecated', "
            "'version.retired', 'version.sunset_near', 'alert.opened', 'alert.escalated', 'alert.acknowledged', "
            "'alert.resolved', 'playbook.called', 'approval.requested' or 'approval.decided'; got 'change.aplied'; did you mean 'change.applied'?"
        ],
    ),
    (
        resource("Team", "{name: a}", "{channels: [{webhook: 'https://x.example', secret: s, events: []}]}"),
        ["m.yaml:4:69 channels[0].events: must not be empty"],
    ),
    (
        resource(
            "Team", "{name: a}", "{channels: [{webhook: 'https://x', secret: s}, {webhook: 'https://x', secret: t}]}"
        ),
        ["m.yaml:4:64 channels[1].webhook: stands in channels[0] already; join the events of both into one channel"],
    ),
    (
        resource("Contract", "{name: order.placed, owner: b}", "{schema: {}}"),
        ["m.yaml:3:11 metadata.version: is missing; it is required here"],
    ),
    (
        resource("Contract", "{name: order.placed, owner: b, version: 1.0}", "{schema: {}}"),
        ["m.yaml:3:51 metadata.version: wanted text; got a number; quote it"],
    ),
    (
        resource("Contract", "{name: order.placed, owner: b, version: '1.0'}", "{schema: {}}"),
        ["m.yaml:3:51 metadata.version: wanted a version x.y.z such as 1.0.0; got '1.0'"],
    ),
    (
        resource("Contract", "{name: order.placed, owner: b, version: 1.0.0}", "{schema: [1]}"),
        ["m.yaml:4:16 schema: wanted a JSON Schema: a mapping, true or false; got a list"],
    ),
    (
        resource("Contract", "{name: order.placed, owner: b, version: 1.0.0}", "{}"),
        ["m.yaml:4:7 schema: is missing; it is required here"],
    ),
    (
        resource("Trigger", "{name: a, owner: b}", "{event: order.placed, when: input.x, workflow: w@^1}"),
        ["m.yaml:4:35 when: 'input' can't be read here"],
    ),
    (
        resource("Schedule", "{name: a, owner: b}", "{workflow: w@^1, cron: '0 2 * * *', input: {x: '${{ run.id }}'}}"),
        ["m.yaml:4:54 input.x: 'run' can be read only in a Workflow"],
    ),
    (workflow("{}"), ["m.yaml:6:5 steps: must not be empty"]),
    (
        workflow("a: {value: 1}", "output: {value: '${{ steps.b.output }}'}\n"),
        ["m.yaml:5:19 output.value: no step 'b'"],
    ),
    (
        workflow("a: {value: 1}", "timeout: 3 days\n"),
        ["m.yaml:5:12 timeout: wanted a duration such as 250ms, 5s or 1h30m; got '3 days'"],
    ),
    (
        workflow("a: {value: 1}") + "---\n" + workflow("a: {value: 1}"),
        ["m.yaml:10:18 metadata.name: Workflow orders 1.0.0 is already in line 1; keep one of them"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), HEADS)
def test_an_error_outside_the_steps_has_its_place_and_its_remedy(text, expected):
    assert problems(text) == expected


def test_a_secret_put_where_its_name_belongs_is_not_repeated():
    value = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    text = resource("Team", "{name: a}", f"{{channels: [{{webhook: 'https://x.example', secret: {value}}}]}}")
    (found,) = problems(text)
    assert found.startswith("m.yaml:4:58 channels[0].secret: wanted the name of a secret such as checkout-webhooks")
    assert value not in found


def test_all_errors_come_in_one_go_and_in_the_order_of_the_text():
    text = (
        workflow(
            """\
        a: {value: 1, efect: read, efect: write}
        b: {value: '${{ 9**9 }}', needs: [aa], when: stps.a.output}
        """,
            "timeout: 3\n",
        )
        + "---\napiVersion: plumbline/v1\nkind: Tem\n"
    )
    assert problems(text) == [
        "m.yaml:5:12 timeout: wanted a duration with its unit such as 250ms, 5s or 1h30m; got a number",
        "m.yaml:7:19 steps.a.efect: unknown key 'efect'; did you mean 'effect'?",
        "m.yaml:7:32 steps.a: the key 'efect' is already in line 7; keep one of them",
        "m.yaml:8:16 steps.b.value: '**' isn't part of the expression language",
        "m.yaml:8:39 steps.b.needs[0]: no step 'aa'; did you mean 'a'?",
        "m.yaml:8:50 steps.b.when: no name 'stps'; did you mean 'steps'?",
        "m.yaml:12:7 kind: no kind 'Tem'; did you mean 'Team'?",
    ]


def test_one_wrong_document_leaves_the_others_usable():
    loaded = load("kind: Nothing\n---\n" + resource("Team", "{name: a}", "{}"))
    assert [found.name for found in loaded.resources] == ["a"]
    assert len(loaded.problems) > 0


def test_a_problem_is_also_plain_data():
    (problem,) = load(resource("Team", "{name: A}", "{}"), "t.yaml").problems
    assert problem.as_dict() == {
        "source": "t.yaml",
        "line": 3,
        "column": 18,
        "path": "metadata.name",
        "message": problem.message,
    }


def test_a_problem_of_a_resource_is_put_where_its_path_stands():
    text = workflow("ship: {value: 1}\nb:\n  value: {'a.b': [1, 2]}\n  needs: [ship]")
    (found,) = load(text, "m.yaml").resources
    assert str(found.problem_at("steps.b.needs[0]", "x")) == "m.yaml:9:15 steps.b.needs[0]: x"
    assert str(found.problem_at("spec.steps.b.needs[0]", "x")) == "m.yaml:9:15 steps.b.needs[0]: x"
    assert str(found.problem_at("steps.b.value['a.b'][1]", "x")) == "m.yaml:8:26 steps.b.value['a.b'][1]: x"
    assert str(found.problem_at("metadata.owner", "x")) == "m.yaml:3:49 metadata.owner: x"
    assert str(found.problem_at("steps.b.timeout.heartbeat", "x")) == "m.yaml:8:7 steps.b.timeout.heartbeat: x"
