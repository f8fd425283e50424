# Writes the real data sets that ship inside Python packages as column files: {name}.json and {name}.f64 (column after column).
import json, sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])


def write(name, task, X, y, names, categories=()):
    columns = np.asarray(X, dtype=np.float64)
    (folder / f"{name}.f64").write_bytes(np.ascontiguousarray(columns.T).tobytes() + np.asarray(y, dtype=np.float64).tobytes())
    about = {"name": name, "task": task, "rows": len(y), "columns": list(map(str, names)), "categories": list(categories)}
    (folder / f"{name}.json").write_text(json.dumps(about))


try:
    from sklearn import datasets

    for name, task in [("breast_cancer", "binary"), ("wine", "multiclass"), ("digits", "multiclass"), ("diabetes", "regression")]:
        data = getattr(datasets, f"load_{name}")()
        write(name, task, data.data, data.target, getattr(data, "feature_names", range(data.data.shape[1])))
except ImportError:
    print("scikit-learn is missing: breast_cancer, wine, digits and diabetes are left out", file=sys.stderr)
try:
    import statsmodels.api as sm

    rand = sm.datasets.randhie.load_pandas().data
    write("rand_hie", "regression", rand.drop(columns="mdvis"), rand["mdvis"], rand.columns[1:])
    fair = sm.datasets.fair.load_pandas().data
    write("fair_affairs", "binary", fair.drop(columns="affairs"), fair["affairs"] > 0, fair.columns[:-1])
except ImportError:
    print("statsmodels is missing: rand_hie and fair_affairs are left out", file=sys.stderr)
