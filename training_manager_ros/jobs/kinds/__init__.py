"""The kinds of job that there are."""

from __future__ import annotations

__all__ = ["KINDS"]

KINDS = {
    "check_dataset": "training_manager_ros.jobs.kinds.check:CheckDataset",
    "convert_dataset": "training_manager_ros.jobs.kinds.convert:ConvertDataset",
    "delete_episodes": "training_manager_ros.jobs.kinds.delete:DeleteEpisodes",
    "download_run": "training_manager_ros.jobs.kinds.download:DownloadRun",
    "merge_datasets": "training_manager_ros.jobs.kinds.merge:MergeDatasets",
    "upload_skill": "training_manager_ros.jobs.kinds.upload:UploadSkill",
}
