"""An episode's signals as JSON for charts."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from training_manager_ros.datasets import Dataset

__all__ = ["compressed", "signals_json"]

_DIGITS = 6  # significant digits: more than a chart or a joint has


def signals_json(dataset: Dataset, episode_id: int, points: int | None) -> bytes:
    """{"timestamps", "rate", "signals": [{"name", "names", "units", "values"}]}.

    `values` is a list of rows, one a timestamp; what is not finite is null. `timestamps` are those
    of the frames as recorded, else frame / rate. With `points` (2 or more), long episodes are
    thinned to at most so many rows in a way that keeps every peak.
    """
    import numpy as np

    signals = dataset.signals(episode_id)
    rate = dataset.summary.rate
    length = max((len(signal.values) for signal in signals), default=0)
    times = dataset.timestamps(episode_id)
    if len(times) != length:
        times = np.arange(length) / (rate or 1.0)
    buckets = 0 if points is None or length <= points else points // 2
    answer = {
        "timestamps": _listed(np.round(_thin_times(times, buckets) if buckets else times, 4)),
        "rate": rate,
        "signals": [
            {
                "name": signal.name,
                "names": signal.names,
                "units": signal.units,
                "values": _rounded(
                    _thin(_padded(signal.values, length), buckets) if buckets else signal.values
                ),
            }
            for signal in signals
        ],
    }
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()


def compressed(data: bytes) -> bytes:
    """The data in gzip, quickly."""
    return gzip.compress(data, 4, mtime=0)


def _padded(values: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """A signal that is shorter than the episode's longest, filled with NaN."""
    import numpy as np

    if len(values) == length:
        return values
    padding = np.full((length - len(values), *values.shape[1:]), np.nan)
    return np.concatenate([values, padding])


def _edges(length: int, buckets: int) -> npt.NDArray[np.intp]:
    import numpy as np

    return np.linspace(0, length, buckets + 1).astype(np.intp)


def _thin_times(times: npt.NDArray[np.float64], buckets: int) -> npt.NDArray[np.float64]:
    """First and last time of each bucket."""
    import numpy as np

    edges = _edges(len(times), buckets)
    return np.stack([times[edges[:-1]], times[edges[1:] - 1]], axis=1).reshape(-1)


def _thin(values: npt.NDArray[np.float64], buckets: int) -> npt.NDArray[np.float64]:
    """Two rows a bucket: each column's smallest and largest value, in the order they came."""
    import numpy as np

    rows = []
    edges = _edges(len(values), buckets)
    for start, stop in pairwise(edges):
        bucket = values[start:stop]
        holes = np.isnan(bucket)
        low = np.argmin(np.where(holes, np.inf, bucket), axis=0)
        high = np.argmax(np.where(holes, -np.inf, bucket), axis=0)
        columns = np.arange(bucket.shape[1])
        rows.append(bucket[np.minimum(low, high), columns])
        rows.append(bucket[np.maximum(low, high), columns])
    return np.stack(rows)


def _rounded(values: npt.NDArray[np.float64]) -> list[object]:
    import numpy as np

    values = np.asarray(values, dtype=np.float64)
    known = np.where(np.isfinite(values), values, 1.0)
    magnitude = np.floor(np.log10(np.maximum(np.abs(known), 1e-290)))
    scale = 10.0 ** (_DIGITS - 1 - magnitude)
    return _listed(np.where(np.isfinite(values), np.round(known * scale) / scale, np.nan))


def _listed(values: npt.NDArray[np.float64]) -> list[object]:
    """The values as nested lists; None for what JSON has no number for."""
    import numpy as np

    finite = np.isfinite(values)
    if finite.all():
        return list(values.tolist())
    as_objects = values.astype(object)
    as_objects[~finite] = None
    return list(as_objects.tolist())
