"""Verifies every DKIM signature of each message with dkimpy, offline.

usage: verify_dkim.py RECORDS MESSAGE..., where RECORDS is a JSON object of DNS name to TXT text.
Prints a JSON list with, for each message, one true or false per signature.
Exit 3: dkimpy or pynacl is not installed.
"""

import json
import sys

try:
    import dkim
    import nacl.signing  # noqa: F401, dkimpy needs it for ed25519
except ImportError:
    sys.exit(3)


def verify(message, records):
    verifier = dkim.DKIM(message)
    count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")

    def lookup(name, timeout=5):
        return records.get(name.decode().rstrip("."))

    results = []
    for index in range(count):
        try:
            results.append(bool(verifier.verify(idx=index, dnsfunc=lookup)))
        except dkim.DKIMException:
            results.append(False)
    return results


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        records = {name: text.encode() for name, text in json.load(file).items()}
    results = []
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            results.append(verify(file.read(), records))
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
