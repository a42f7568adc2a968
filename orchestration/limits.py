"""The limits of the engine, each in one place and named in the error that enforces it. Sizes in bytes, times in seconds."""

#: Larger payloads go compressed to their own table and are read only when asked for.
INLINE_PAYLOAD = 64 * 1024
#: Larger payloads are refused.
MAX_PAYLOAD = 4 * 1024 * 1024
#: Deeper JSON is refused: parsers and validators recurse.
MAX_DEPTH = 100
#: start_to_close of a step that names none.
DEFAULT_START_TO_CLOSE = 60.0
#: A run gives its process back after so many steps or seconds, so that others get their turn.
INLINE_STEPS = 50
INLINE_SECONDS = 2.0
#: So many steps without effects may be executed before what they follow is durable.
AHEAD_STEPS = 16
#: An output no longer than this, in characters, stays at hand in its process for the steps that read it.
KNOWN_OUTPUT = 8 * 1024
#: A `for_each` over more items is refused.
MAX_ITEMS = 10_000
#: Runs that start one another in a row, the first one included: one that starts itself must end somewhere.
MAX_GENERATIONS = 10
#: A step that killed its worker so many times is failed: it would kill them all.
MAX_LOSSES = 5
#: A wake-up that brought nobody for so long is sent again.
LOST_WAKE_AFTER = 5.0
#: How many rows of each kind one wake takes; the next comes half a second later.
WAKE_BATCH = 500
#: A database that does not answer is waited for so long, with a finished attempt in hand.
DATABASE_AWAY = 120.0
MAX_ERROR_TEXT = 4_000


#: So many steps for each thread of a worker process may wait at hand in it, beside the one at work: else their message goes
#: back to the broker. And so many that come out of the queue: in lots, which are cheaper than one at a time.
AT_HAND, QUEUED_AT_HAND = 4, 1


def spare_threads(threads: int) -> int:
    """Threads of a worker process that neither the parts of a fan-out nor what comes out of the queue may take."""
    return max(threads // 8, 1) if threads > 1 else 0
