# The training set of the wide views with Feast's file offline store: the same Parquet files, the same labels, into one file.

import json
import os
import resource
import sys
import time
from datetime import timedelta

import feast
import pandas
import pyarrow.parquet
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64

folder, views, features = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
config = RepoConfig(
    project="bench",
    provider="local",
    registry=os.path.join(folder, "registry.db"),
    offline_store={"type": "file"},
    online_store={"type": "sqlite", "path": os.path.join(folder, "online.db")},
    entity_key_serialization_version=3,
)
store = FeatureStore(config=config)
entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
made = [
    FeatureView(
        name=f"v{view}",
        entities=[entity],
        ttl=timedelta(0),
        schema=[Field(name=f"v{view}_f{feature}", dtype=Float64) for feature in range(features)],
        source=FileSource(path=os.path.join(folder, f"v{view}.parquet"), timestamp_field="ts"),
    )
    for view in range(views)
]
store.apply([entity, *made])
started, cpu = time.perf_counter(), time.process_time()
labels = pandas.read_parquet(os.path.join(folder, "labels.parquet")).rename(columns={"ts": "event_timestamp"})
labels["event_timestamp"] = labels["event_timestamp"].dt.tz_localize("UTC")
names = [f"v{view}:v{view}_f{feature}" for view in range(views) for feature in range(features)]
table = store.get_historical_features(entity_df=labels, features=names).to_arrow()
pyarrow.parquet.write_table(table, os.path.join(folder, "feast.parquet"), compression="zstd")
print(
    json.dumps(
        {
            "version": feast.__version__,
            "rows": table.num_rows,
            "ms": (time.perf_counter() - started) * 1000,
            "cpuMs": (time.process_time() - cpu) * 1000,
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
