from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.datasets.lerobot_info import Feature, fill_template, lerobot_info


def _feature(value: dict[str, Any], name: str = "x") -> Feature:
    (feature,) = lerobot_info({"fps": 30, "features": {name: value}}).features
    return feature


@pytest.mark.parametrize(
    ("names", "flat"),
    [
        (["a", "b"], ("a", "b")),
        ({"motors": ["a", "b"]}, ("a", "b")),
        ({"arm": ["a"], "base": ["b", "c"]}, ("a", "b", "c")),
        ({"b": 1, "a": 0}, ("a", "b")),
        ({"motors": {"b": 1, "a": 0}}, ("a", "b")),
        ([["a", "b"]], ("a", "b")),
        ("a", ("a",)),
        (None, ()),
        ([], ()),
        ({}, ()),
        (3, ()),
        ([1, 2], ()),
        ([[[[[["deep"]]]]]], ()),
    ],
)
def test_names_have_many_shapes(names: object, flat: tuple[str, ...]) -> None:
    assert _feature({"dtype": "float32", "shape": [2], "names": names}).names == flat


@pytest.mark.parametrize(
    ("camera", "width", "height"),
    [
        ({"shape": [480, 640, 3], "names": ["height", "width", "channel"]}, 640, 480),
        ({"shape": [3, 480, 640], "names": ["channels", "height", "width"]}, 640, 480),
        ({"shape": [3, 480, 640]}, 640, 480),
        ({"shape": [480, 640, 3], "names": None}, 640, 480),
        ({"shape": [480, 640]}, 0, 0),
        ({"shape": None}, 0, 0),
        ({"shape": [3, 4, 5], "info": {"video.width": 64, "video.height": 48}}, 64, 48),
    ],
)
def test_a_cameras_size_is_found_in_either_order(
    camera: dict[str, Any], width: int, height: int
) -> None:
    feature = _feature({"dtype": "video", **camera})
    assert feature.is_camera
    assert (feature.width, feature.height) == (width, height)


@pytest.mark.parametrize("key", ["info", "video_info"])
def test_codec_and_pixel_format_have_two_places(key: str) -> None:
    details = {"video.codec": "av1", "video.pix_fmt": "yuv420p"}
    feature = _feature({"dtype": "video", "shape": [48, 64, 3], key: details})
    assert (feature.codec, feature.pix_fmt) == ("av1", "yuv420p")
    assert _feature({"dtype": "image", "shape": [48, 64, 3]}).codec == "png"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"features": {}}, "The frame rate is unknown"),
        ({"fps": "30", "features": {}}, "The frame rate is unknown"),
        ({"fps": 30}, "declares no features"),
        ({"fps": 30, "features": []}, "declares no features"),
        ({"fps": 30, "features": {"x": 3}}, "The feature x"),
        ({"fps": 30, "features": {}, "data_path": "../../x"}, "data_path in meta/info.json leads"),
        ({"fps": 30, "features": {}, "video_path": "/etc/x"}, "video_path in meta/info.json leads"),
        ({"fps": 30, "features": {}, "video_path": "a/../../x"}, "video_path in meta/info.json"),
    ],
)
def test_what_is_wrong_is_said(value: dict[str, Any], says: str) -> None:
    info = lerobot_info(value)
    assert len(info.problems) == 1
    assert says in info.problems[0]
    assert ".." not in info.data_path + info.video_path


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
         "data/chunk-001/episode_001234.parquet"),
        ("videos/{video_key}/{episode_chunk}.mp4", "videos/observation.images.top/1.mp4"),
        ("plain.mp4", "plain.mp4"),
        ("{unknown}.mp4", ""),
        ("{video_key:03d}.mp4", ""),
        ("{episode_index.__class__}.mp4", ""),
        ("{episode_index!r}.mp4", ""),
        ("{0}.mp4", ""),
        ("{episode_index:0999999999d}.mp4", ""),
        ("{episode_index:>9}.mp4", ""),
        ("{{episode_index}}.mp4", ""),
        ("{", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_templates_are_filled_and_nothing_more(template: str, path: str) -> None:
    values: dict[str, int | str] = {
        "episode_chunk": 1,
        "episode_index": 1234,
        "video_key": "observation.images.top",
    }
    assert fill_template(template, values) == path


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=15,
)
keys = ["codebase_version", "fps", "data_path", "video_path", "chunks_size", "total_episodes"]
feature_keys = st.sampled_from(["dtype", "shape", "names", "info", "video_info"])


@given(
    st.dictionaries(st.sampled_from(keys), json_values),
    st.dictionaries(
        st.text(max_size=5),
        json_values | st.dictionaries(feature_keys, json_values | st.just("video")),
    ),
)
def test_no_info_of_any_shape_raises(value: dict[str, Any], features: dict[str, Any]) -> None:
    info = lerobot_info({**value, "features": features})
    assert info.rate >= 0
    assert info.chunk_size > 0
    assert all(one.width >= 0 and one.height >= 0 for one in info.features)
    "".join([*info.problems, *(name for one in info.features for name in one.names)]).encode()
