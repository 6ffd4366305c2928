"""Telegrams as no meter sends them: whatever they say, framing and parsing raise nothing but BadTelegram.

Run it from the project's folder: .venv/bin/python -m tests.bench.fuzz [SEED]. It tries 100,000, or as many as ten
minutes allow.
"""

import random
import sys
import time
from collections import Counter

from tests.odd import odd, outcome

NUMBER = 100_000
SECONDS = 600


def main() -> None:
    """Print the seed, then what became of them."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    choose, began = random.Random(seed), time.monotonic()
    outcomes: Counter[str] = Counter()
    while outcomes.total() < NUMBER and time.monotonic() - began < SECONDS:
        whole = odd(choose)
        try:
            outcomes[outcome(whole)] += 1
        except Exception:
            print(f"number {outcomes.total()}: {whole!r}")
            raise
    print(f"{outcomes.total():,} telegrams in {time.monotonic() - began:.0f} s: {dict(outcomes)}")


if __name__ == "__main__":
    main()
