# Makes 1,000,000 x 28 numbers, grows 10 trees with LightGBM, and prints the memory before and at the peak as one line of JSON.
import json, resource

import lightgbm as lgb
import numpy as np

source = np.random.default_rng(3)
X = np.empty((1_000_000, 28), order="F")
for f in range(28):
    X[:, f] = source.standard_normal(1_000_000)
y = (X[:, 0] + source.standard_normal(1_000_000) > 0).astype(np.float32)
with open("/proc/self/statm") as pages:
    before = int(pages.read().split()[1]) * resource.getpagesize() / 2**20
params = {"objective": "binary", "num_leaves": 31, "num_threads": 1, "verbose": -1}
lgb.train(params, lgb.Dataset(X, y, params=params), 10)
print(json.dumps({"beforeMb": before, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
