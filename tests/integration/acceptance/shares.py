# SPDX-License-Identifier: MIT
"""Was it chosen at random as often as the weights ask for?"""
import math


def assert_shares(counted, weights):
    """Are these the shares that the weights ask for, but for chance (five standard deviations)?"""
    total = sum(counted[kind] for kind in weights)
    for kind, weight in weights.items():
        share = weight / sum(weights.values())
        deviation = math.sqrt(share * (1 - share) / total)
        assert abs(counted[kind] / total - share) < 5 * deviation, f"{kind}: {counted}, wanted {weights}"
