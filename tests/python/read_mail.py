"""Reads a message (a path, or standard input) with Python's own parser and prints JSON; a list of them for a folder:

{"subject", "from": [[name, address]], "to": [[name, address]], "headers": [[name, decoded value]],
 "parts": [[content type, text]], "defects": [text]}
"""

import json
import os
import sys
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import getaddresses


def people(message, name):
    # The address parser of the policy makes two spaces within an encoded word one; decode_header keeps them.
    raw = [value for key, value in message.raw_items() if key.lower() == name]
    pairs = getaddresses(["".join(value.splitlines()) for value in raw])
    return [[str(make_header(decode_header(phrase))), address] for phrase, address in pairs]


def defects(message):
    found = [repr(d) for d in message.defects]
    for name, value in message.items():
        found += [f"{name}: {d!r}" for d in getattr(value, "defects", ())]
    return found


def read(source):
    with source:
        message = message_from_bytes(source.read(), policy=policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    return {
        "subject": message["subject"],
        "from": people(message, "from"),
        "to": people(message, "to"),
        "headers": [[name, str(value)] for name, value in message.items()],
        "parts": [[p.get_content_type(), p.get_payload(decode=True).decode("utf-8")] for p in parts],
        "defects": [d for part in message.walk() for d in defects(part)],
    }


def main():
    place = sys.argv[1] if len(sys.argv) > 1 else None
    if place and os.path.isdir(place):
        result = [read(open(os.path.join(place, name), "rb")) for name in sorted(os.listdir(place))]
    else:
        result = read(open(place, "rb") if place else sys.stdin.buffer)
    json.dump(result, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
