"""Backpropagation, data parallel over the ranks.

loop      what methods share   trainer   gradient and optimiser
reduce    sums by buckets, beside the backward pass
feed      batches           penalty   L1 and L2         variants   what has a name
"""
