"""Messages signed per second on one core: the real digest, whole, under an RSA key of 2048 bits."""

import argparse
import statistics
import time
from datetime import date

from cryptography.hazmat.primitives.asymmetric import rsa

from newsletter.sending.personal import Writer
from newsletter.store.ledger import Due
from newsletter.transport.dkim import DomainSigner
from tests.sample import sample
from tests.sending import house


def message() -> bytes:
    """Return the edition that shows everything, written to one reader and not signed."""
    with sample() as context:
        proof = context.proof(date(2025, 2, 14))
        writer = Writer(proof.rendered[0], context.settings.envelope(proof.issue.name), context.signer)
        return writer.write(Due(1, house.address(1), "Читач", "", 1), house.NOW).content


def main() -> None:
    """Run the rounds and print a line for each, and the median."""
    parser = argparse.ArgumentParser(prog="scripts/bench dkim", description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    signer = DomainSigner(rsa.generate_private_key(65537, 2048), "news.example.org", "s1")
    content = message()
    rates = []
    for number in range(1, given.rounds + 1):
        start = time.process_time()
        for _ in range(given.messages):
            signer.sign(content)
        rates.append(given.messages / (time.process_time() - start))
        print(f"round {number}: {rates[-1]:,.0f} msg/s of {len(content) / 1000:.0f} kB", flush=True)
    print(f"median {statistics.median(rates):,.0f} msg/s a core")


if __name__ == "__main__":
    main()
