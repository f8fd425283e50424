# The same vectors and queries with hnswlib or faiss, one thread, one query a call, timed by the processor.

import json
import sys
import time

import numpy

library, folder, dimensions, top, effort = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
read = lambda name, kind: numpy.fromfile(f"{folder}/{name}", kind)
vectors = read("vectors.f32", numpy.float32).reshape(-1, dimensions)
queries = read("queries.f32", numpy.float32).reshape(-1, dimensions)
truth = read("truth.u32", numpy.uint32).reshape(-1, top)
started = time.process_time()
if library == "hnswlib":
    import hnswlib

    index = hnswlib.Index(space="cosine", dim=dimensions)
    index.init_index(max_elements=len(vectors), ef_construction=100, M=16)
    index.add_items(vectors, num_threads=1)
    index.set_ef(effort)
    search = lambda query: index.knn_query(query, k=top, num_threads=1)[0][0]
else:
    import faiss

    faiss.omp_set_num_threads(1)
    faiss.normalize_L2(vectors)
    faiss.normalize_L2(queries)
    if library == "faiss":
        index = faiss.IndexHNSWFlat(dimensions, 16, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 100
        index.hnsw.efSearch = effort
    else:
        index = faiss.IndexFlatIP(dimensions)
    index.add(vectors)
    search = lambda query: index.search(query.reshape(1, -1), top)[1][0]
built = (time.process_time() - started) * 1000
started = time.process_time()
found = [search(query) for query in queries]
ms = (time.process_time() - started) * 1000
hits = sum(len(set(map(int, one)) & set(map(int, true))) for one, true in zip(found, truth))
print(json.dumps({"ms": ms, "recall": hits / truth.size, "built": built}))
