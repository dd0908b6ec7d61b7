"""What a delivery costs two servers that share a room, beside what it costs one."""

from statistics import median

from measuring.hall import Found, Hall
from measuring.nodes.cluster import Cluster, cluster
from measuring.report import Report, spread

LISTENERS = 1000
TALKERS = 10

PAIRS = 5

MOST = {1000: 1.2, 100: 1.5}
"""The bars for the CPU of two servers, compared with one, by lines in flight."""


def cost(core: int) -> int:
    """Two servers beside one, 1,000 who cost nothing, 10 talk: CPU of the servers a delivery"""
    report = Report(
        f"cost: {TALKERS} talk, {LISTENERS:,} take everything and read it later; {PAIRS} pairs in "
        "turn, at one server with a Redis and at two with another one"
    )
    with cluster(core, "a") as one, cluster(core, "ab") as two:
        halls = tuple(Hall(each.servers, TALKERS, LISTENERS, each.redis) for each in (one, two))
        for in_flight in MOST:
            for hall in halls:
                hall.flood(in_flight)  # what is made once is made now
            before = [_redis_cpu(each) for each in (one, two)]
            pairs = list[tuple[Found, Found]]()
            for number in range(PAIRS):
                first, second = halls if number % 2 else halls[::-1]
                found = first.flood(in_flight), second.flood(in_flight)
                pairs.append(found if number % 2 else found[::-1])
            stores = [
                (_redis_cpu(each) - spent) / sum(found.deliveries for found in rounds) * 1e6
                for each, spent, rounds in zip(
                    (one, two), before, zip(*pairs, strict=True), strict=True
                )
            ]
            _report(report, in_flight, pairs, stores)
    return report.failures


def _redis_cpu(used: Cluster) -> float:
    return used.redis.cpu().total


def _report(
    report: Report, in_flight: int, pairs: list[tuple[Found, Found]], stores: list[float]
) -> None:
    title = f"{in_flight:,} in flight"
    disturbed = sum(not all(each.is_quiet for each in pair) for pair in pairs)
    if disturbed:
        report.figure(f"{title}: {disturbed} of {len(pairs)} pairs", "beside other programs")
    for name, rounds, store in zip(
        ("one server", "two"), zip(*pairs, strict=True), stores, strict=True
    ):
        costs = spread([each.cost for each in rounds], ".3f")
        rates = spread([each.deliveries / each.seconds / 1e6 for each in rounds], ".2f")
        report.figure(f"{title}, {name}", f"CPU a delivery {costs} us; Redis {store:.4f}")
        report.figure("", f"{rates} million deliveries/s")
    ratios = [two.cost / one.cost for one, two in pairs]
    shown = f"{spread(ratios, '.2f')}, at most {MOST[in_flight]}"
    report.check("  CPU, ratio", shown, median(ratios) <= MOST[in_flight])
