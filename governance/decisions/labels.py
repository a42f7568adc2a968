"""The labels under which records state their facts: `Status`, `Deciders`, `Superseded by`. Owns what each means. Pure."""

from __future__ import annotations

import re

STATUS = "status"
#: Dates, the best first: a record's date is the day it was decided, or else the day that it calls its date.
DATES = ("decided", "date", "created", "updated")
_SAID = {
    STATUS: """status|state|stage|current status|decision status|adr status|rfc status|record status|proposal status|
        status of decision|
        status of the decision|overall status|statut|estado|stato|状态|状態|ステータス|статус|상태|durum|trạng thái""",
    "decided": """decision date|date decided|decided|decided on|decided at|date of decision|accepted|accepted on|
        accepted date|date accepted|
        approved|approved on|approval date|acceptance date|date approved|date of approval|adopted|adopted on|
        resolution date|resolved on""",
    "date": "date|dates|datum|fecha|data|tanggal|tarih|날짜|ngày|日期|日付|дата|adr date|record date|dated|day|decision made",
    "created": """created|creation date|created on|created at|date created|start date|started|date proposed|proposed on|
        submitted|
        submission date|opened|date opened|published|publication date|authored on|authored|initial date|proposal date|
        proposed date|proposed|written|date written|raised|date raised|issue date|revdate|drafted|pubdate""",
    "updated": """last updated|last update|updated|updated on|updated at|last modified|last changed|date updated|
        last revised|modified|
        lastmod|revision date|last updated on|last edited|date last updated|last status update""",
    "decision-makers": """decision makers|decision maker|deciders|decider|decided by|decision made by|decision owners|
        decision owner|
        decision taken by|deciders team|entscheider|décideurs|decisores|decisori|决策者|決定者""",
    "consulted": "consulted|consultees|consulted with",
    "informed": "informed",
    "authors": """authors|author|written by|authored by|author s|main author|lead author|rfc author|rfc authors|
        adr author|autor|autoren|auteur|auteurs|autores|作者""",
    "proposers": "proposer|proposers|proposed by|submitted by|submitter|raised by|created by|originator",
    "reviewers": "reviewers|reviewer|reviewed by|review by|peer reviewers",
    "approvers": "approvers|approver|approved by|accepted by|signed off by|sign off|sign offs",
    "owners": """owners|adr owner|decision lead|responsible|responsible team|accountable|driver|drivers|lead|
        champion|champions|sponsor|sponsors|rfc owner""",
    "contributors": """contributors|contributor|participants|participant|stakeholders|stakeholder|involved|
        people involved|people|attendees|team|contacts|contact|editors|editor|shepherd""",
    "supersedes": """supersedes|supercedes|superseding|superseeds|supersede|replaces|obsoletes|supersedes adr|
        supersedes adrs|overrides|ersetzt|remplace|reemplaza|sustituye|sustituye a|sucede a|substitui|取代|替代""",
    "superseded_by": """superseded by|superceded by|superseeded by|replaced by|obsoleted by|overridden by|superseded|
        successor|supersededby|
        replacedby|superseded by adr|superseeding adr|ersetzt durch|abgelöst durch|remplacé par|remplacée par|reemplazado por|
        reemplazada por|
        sustituido por|sustituida por|substituído por|substituída por|sostituito da|sostituita da|vervangen door|
        被取代|被替代|取代者""",
    "amends": "amends|modifies|updates|amends adr|部分取代|局部取代|修订",
    "amended_by": """amended by|modified by|updated by|amendments|amendment|amendedby|geändert durch|modifié par|modifiée par|
        modificado por|modificada por""",
    "relates": """relates|relates to|related|related to|related adr|related adrs|related decisions|related decision|
        related records|
        related rfcs|related documents|related links|links|link|references|see also|depends on|dependencies|refines|
        refined by|extends|extended by|
        clarifies|clarified by|complements|builds on|related issues|more information|further reading|depended on by|
        enables|informs|
        linked|linked decisions|linked adrs|relations|relationships|impacts|influenced by|influences|adr references|关联|相关""",
    "title": "title|titel|titre|titulo|judul|decision title|adr title|rfc title|subject",
    "number": "number|nomor|adr number|adr no|adr id|rfc number|decision number|id|adr|rfc|rfc id|decision id|no|nr|"
        r"adr nr|record id|rfc no|kep number|proposal number|kep|tep|pep|eip|hip|cip|caip|bip|oep|nep|mip",
    "tags": "tags|tag|labels|categories|category|keywords|labels tags",
    "story": """technical story|story|ticket|issue|issues|epic|jira|tracking issue|discussion|pull request|rfc pr|pr|
        prs|rust issue""",
}  # fmt: skip
_MEANING = {" ".join(label.split()): meaning for meaning, labels in _SAID.items() for label in labels.split("|")}
PEOPLE = (
    "decision-makers", "consulted", "informed", "authors", "proposers", "reviewers", "approvers", "owners", "contributors",
)  # fmt: skip
LINKS = ("supersedes", "superseded_by", "amends", "amended_by", "relates")
LONGEST = 40


def meaning(label: str) -> str | None:
    """What a label stands for: `**Decision Maker(s)**` is decision-makers. None for one that is none of ours."""
    if len(label) > LONGEST + 12:
        return None
    return _MEANING.get(normal(label))


def normal(label: str) -> str:
    """Lower case, without marks, numbering and what stands in brackets."""
    text = re.sub(r"\((?!s\))[^()]{0,40}\)|\[[^\[\]]{0,40}\]", " ", label)
    text = re.sub(r"\(s\)", "s", re.sub(r"([a-z])([A-Z][a-z])", r"\1 \2", text))
    text = re.sub(r"[\W_]+", " ", text).strip().lower()
    return re.sub(r"^\d{1,2} (?=\D)", "", text)
