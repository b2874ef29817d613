"""The rule in Python judges like the one in Rust: both read the same cases."""

import json
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from temporal_worker_surplus.rule import BusyMean, Listed, Looker, judge, pause, slots_needed

CASES = pathlib.Path(__file__).resolve().parents[3] / "surplus" / "tests" / "cases.json"


def by_type(values):
    kinds = zip(("workflow", "activity", "nexus"), values)
    return {kind: value for kind, value in kinds if value is not None}


class Rule(unittest.TestCase):
    def test_all_cases_are_judged_as_in_rust(self):
        cases = json.loads(CASES.read_text())
        self.assertGreater(len(cases), 100)
        for case in cases:
            me = case["me"]
            looker = Looker(me["key"], me["started"], by_type(me["slots"]), by_type(me["busy"]))
            listed = [
                Listed(
                    each["key"],
                    each["started"],
                    each["consolidates"],
                    by_type(each["slots"]),
                    by_type(each["used"]),
                )
                for each in case["workers"]
            ]
            with self.subTest(case["name"]):
                self.assertEqual(judge(looker, listed, case["share"]).value, case["judgement"])

    def test_loads_need_these_slots(self):
        loads = [0, 0.09, 0.2, 0.4, 0.6, 1, 2, 4, 20]
        self.assertEqual([slots_needed(load, 0.1) for load in loads], [1, 1, 2, 2, 3, 3, 5, 8, 27])
        self.assertEqual(slots_needed(math.nan, 0.1), 1)
        self.assertGreater(slots_needed(20_000, 0.1), 20_000)

    def test_the_past_of_a_mean_fades(self):
        mean = BusyMean(0)
        mean.record(1_000, 2)
        self.assertAlmostEqual(mean.until(1_030, 0), 2 / math.e, 6)
        self.assertEqual(BusyMean(5).until(5, 2), 2)

    def test_a_version_looks_once_a_second(self):
        self.assertEqual(pause(5, 3, 0.5), 5)
        self.assertEqual(pause(5, 60, 0.5), 60)


if __name__ == "__main__":
    unittest.main()
