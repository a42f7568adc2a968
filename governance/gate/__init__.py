"""The gate: what breaks others, or may, waits here for the teams that it hits, and is done by their reviews.

What can't be got round: an author of any revision does not approve; a review is bound to what was seen, and any edit voids
it; a person counts once, for one team, in which they held the role before the change was opened; a token never counts; the
judgement is repeated before anything is done, and another outcome asks everybody anew; policies only ever ask for more.

    subjects.py      what can be asked for: the protocol and the register
    requirements.py  whom a change asks, and how many of each team
    standing.py      who may vote for a team: members, delegates, stand-ins
    rolls.py         what that rests on, read once for many
    opening.py       a change is asked for, or edited
    refusing.py      the refusals that every act shares
    reviewing.py     a vote
    settling.py      what the votes come to: done, scheduled, rejected, withdrawn, expired
    rounds.py        what falls due by the clock
    waiving.py, glass.py, commenting.py, delegating.py
    contract_versions.py, endings.py, releases.py   the subjects
"""
