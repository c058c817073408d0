"""All attacks, and the table of them on the page on security."""

from __future__ import annotations

from itertools import groupby

from tests.node.security import attack_content, attack_framing, attack_names, attack_sizes, attack_tokens
from tests.node.security.attack import Attack
from tests.support.vectors import PROJECT

ATTACKS: list[Attack] = [
    attack
    for module in (attack_sizes, attack_framing, attack_names, attack_tokens, attack_content)
    for attack in module.SUBJECT.attacks
]

PAGE = PROJECT / "docs" / "security-node.md"
MARK = "<!-- attacks: made by `python -m tests.node.security.attacks` -->\n"


def table() -> str:
    """The attacks and their outcomes."""
    parts = []
    for subject, attacks in groupby(ATTACKS, key=lambda attack: attack.subject):
        parts.append(f"\n### {subject}\n\n| what is tried | outcome |\n|---|---|\n")
        parts += (f"| {attack.name} | {attack.outcome} |\n" for attack in attacks)
    return "".join(parts)


def main() -> None:
    """Write the table."""
    kept, _, _old = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(kept + MARK + table(), encoding="utf-8")


if __name__ == "__main__":
    main()
