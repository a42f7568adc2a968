"""A process that delivers webhooks until nothing is due, as the control worker does: `python -m …`."""

from __future__ import annotations

import django


def main() -> None:
    from governance.services.delivering import anything_due, deliver

    while anything_due():
        deliver()


if __name__ == "__main__":
    django.setup()
    main()
