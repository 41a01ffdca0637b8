# SPDX-License-Identifier: MIT
"""What several locustfiles of the shop use."""
