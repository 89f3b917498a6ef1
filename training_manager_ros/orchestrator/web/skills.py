"""Skills, and where their files go."""

from __future__ import annotations

from tornado.web import HTTPError

from training_manager_ros.orchestrator.names import check_name
from training_manager_ros.orchestrator.objects import DATA, ObjectKey, Place
from training_manager_ros.orchestrator.web.base import ApiHandler

__all__ = ["OneSkill", "SkillFiles", "Skills", "Storage"]

MOST_NAMES = 25


class Skills(ApiHandler):
    """/skills"""

    def get(self) -> None:
        """All of the caller's."""
        self.answer([skill.to_json() for skill in self.services.skills.skills(self.owner)])

    async def post(self) -> None:
        """A new one."""
        skill = self.services.skills.create(self.owner, self.body().get("name"))
        self.answer((await self.written(skill)).to_json(), 201)


class OneSkill(ApiHandler):
    """/skills/{skill_id}"""

    def get(self, skill_id: str) -> None:
        """One."""
        self.answer(self.skill(skill_id).to_json())

    async def patch(self, skill_id: str) -> None:
        """Rename it."""
        renamed = self.services.skills.rename(self.owner, skill_id, self.body().get("name"))
        self.answer((await self.written(renamed)).to_json())

    async def delete(self, skill_id: str) -> None:
        """Forget it, its data, runs and results."""
        services = self.services
        runs = await self.written(services.skills.delete(self.owner, skill_id))
        for run_id in [DATA, *runs]:
            await self.thread(services.objects.delete, Place(skill_id, run_id))
        await self.thread(services.folders.forget, runs)
        self.set_status(204)
        self.finish()


class SkillFiles(ApiHandler):
    """/skills/{skill_id}/files"""

    def post(self, skill_id: str) -> None:
        """Signed URLs for up to 25 files."""
        self.skill(skill_id)
        names = self.body().get("filenames")
        if not isinstance(names, list) or len(names) > MOST_NAMES:
            raise HTTPError(400, f"filenames must be a list of at most {MOST_NAMES} names.")
        keys = [ObjectKey(Place(skill_id), check_name(name)) for name in names]
        objects = self.services.objects
        self.answer(
            {
                "upload_urls": {key.name: objects.upload_url(self.base, key) for key in keys},
                "download_urls": {key.name: objects.download_url(self.base, key) for key in keys},
            }
        )


class Storage(ApiHandler):
    """/storage/list/{skill_id} and /storage/list/{skill_id}/{run_id}"""

    async def get(self, skill_id: str, run_id: str = "") -> None:
        """What was uploaded for a skill, or what came out of a run."""
        if run_id:
            self.run_of(skill_id, run_id)
        else:
            self.skill(skill_id)
        objects, place = self.services.objects, Place(skill_id, int(run_id or DATA))
        found = await self.thread(objects.list, place)
        urls = {name: objects.download_url(self.base, ObjectKey(place, name)) for name in found}
        facts = {name: {"size": info.size, "md5": info.md5} for name, info in found.items()}
        self.answer({"files": urls, "objects": facts})
