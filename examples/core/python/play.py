"""Plays a scenario on the core: `python play.py SCENARIO [BINARY]`."""

import sys

from core import Core
from host import Host

MEBIBYTES = 64


def main(scenario: str, binary: str = "core.wasm") -> None:
    host = Host(Core(MEBIBYTES, binary))
    steps = 0
    outcomes = 0x811C9DC5
    with open(scenario, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            step, expected = line.split(" = ")
            outcome = host.step(step)
            if outcome != expected:
                sys.exit(f"step {steps + 1}, {step}: {outcome}, and not {expected}")
            steps += 1
            outcomes = fnv1a(outcomes, f"{outcome}\n".encode())
    print(f"{steps} steps, outcomes {outcomes:08x}")


def fnv1a(hash: int, octets: bytes) -> int:
    for octet in octets:
        hash = (hash ^ octet) * 0x01000193 & 0xFFFFFFFF
    return hash


main(*sys.argv[1:])
