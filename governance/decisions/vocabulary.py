"""The words that teams use for each of the six statuses, in the languages that records are written in.

Owns the list. Pure, never reads a text: `statuses` says where a word counts.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What teams write for each of the six. Phrases count before the words in them: `not accepted` is no `accepted`.
VOCABULARY: Mapping[str, str] = {
    "draft": """draft|drafting|drafted|wip|work in progress|ongoing work|in progress|in preparation|pre-?draft|ideation|idea|
        pre-?discussion|exploring|
        sketch|entwurf|brouillon|borrador|bozza|rascunho|草案|草稿|черновик|초안""",
    "proposed": """proposed|proposal|proposing|suggested|suggestion|submitted|in review|under review|for review|in-review|
        ready for review|needs review|review|reviewing|being reviewed|in discussion|under discussion|for discussion|
        discussion|
        discussing|being discussed|to be discussed|under consideration|being considered|pending|pending approval|
        pending review|
        pending decision|awaiting approval|awaiting review|awaiting decision|to be decided|to be approved|to be accepted|
        to be determined|tbd|undecided|not decided|not yet decided|not yet accepted|not yet approved|
        open|request for comments?|last call|active review|scheduled for review|returned for revisions?|needs revision|
        will be accepted|will be approved|ongoing discussions?|ongoing review|ongoing debate|ongoing evaluation|ongoing vote|
        discussion ongoing|discussion is ongoing|review ongoing|review is ongoing|
        provisional|for approval|candidate|vorgeschlagen|proposé|propuesto|propuesta|
        proposto|proposta|提案|提议|提案中|提议中|待批准|待审批|待通过|承認待ち|未承認|предложено|предложен|
        제안|제안됨|승인 ?대기|승인 ?필요""",
    "accepted": """accepted|accept|acepted|acccepted|accpeted|acceped|approved|approve|adopted|adopt|agreed|decided|
        implemented|
        implementable|partially implemented|implementing|done|completed|complete|finished|active|final|finalised|finalized|
        ratified|in effect|in force|in use|current|live|valid|committed|published|confirmed|enacted|enforced|effective|
        ongoing(?! [a-z])|released|merged(?! into)(?! with)|merged into main|merged into master|recommended|ready for release|
        partially accepted|in production|rolled out|to be superseded|to be deprecated|will be superseded|will be deprecated|
        conditionally accepted|provisionally accepted|partially superseded|partly superseded|
        partially superceded|partially replaced|amended|gültig|in kraft|en vigueur|vigente|en vigor|em vigor|in vigore|
        akzeptiert|angenommen|beschlossen|entschieden|
        genehmigt|accepté|acceptée|approuvé|adopté|aceptado|aceptada|aprobado|aprobada|accettato|accettata|approvato|aceito|
        aceita|aprovado|aprovada|geaccepteerd|接受|已接受|已采纳|已采用|采纳|通过|已批准|採用|承認|承認済み|採択|승인|승인됨|채택|채택됨|принято|принят|утверждено""",
    "rejected": """rejected|reject|declined|decline|withdrawn|withdrew|refused|abandoned|cancelled|canceled|discarded|denied|
        dismissed|dropped|not accepted|not approved|not adopted|not pursued|won'?t do|will not do|wontfix|
        will not be implemented|
        turned down|vetoed|never accepted|never approved|never adopted|
        abgelehnt|verworfen|rejeté|refusé|rechazado|rechazada|rifiutato|rejeitado|rejeitada|afgewezen|已拒绝|已否决|否决|拒绝|
        却下|отклонено|отклонён|отклонен""",
    "deprecated": """deprecated|deprecate|depreciated|obsolete|obsoleted|retired|outdated|out of date|expired|historic|
        historical|
        archived|discontinued|decommissioned|no longer recommended|no longer followed|no longer valid|no longer accepted|
        no longer approved|
        no longer relevant|no longer applicable|no longer applies|no longer used|no longer in use|
        no longer in force|no longer current|not relevant anymore|not used anymore|sunset|inactive|defunct|revoked|rescinded|
        reverted|veraltet|obsolète|déprécié|obsoleto|obsoleta|deprecado|已弃用|已废弃|弃用|廃止|非推奨|устарело|폐기|폐기됨""",
    "superseded": """superseded|superceded|superseeded|supersceded|supercedes? by|supersedes by|supplanted|overridden|
        overruled|
        replaced|obsoleted by|obsolete by|ersetzt|abgelöst|remplacé|reemplazado|sustituido|sostituito|substituído|substituido|
        vervangen|已取代|被取代|取代|被替代|已替代|заменено|заменён|대체됨""",
}  # fmt: skip
