import { expect, it } from "vitest";
import { NO_RULES, readEditPlan } from "@/ros/editing.ts";
import { neededRules } from "./merge_rules.tsx";

const NOTHING = { rate: false, anyWidth: false, anyCameras: false };

function planWith(...rules: readonly string[]) {
  return readEditPlan({ problems: rules.map((rule) => ({ message: "cameras differ", blocks: true, rule })) });
}

it("offers the rules that the plan names, whatever its words are", () => {
  expect(neededRules(null, NO_RULES)).toEqual(NOTHING);
  expect(neededRules(planWith(""), NO_RULES)).toEqual(NOTHING);
  expect(neededRules(planWith("any_width", "rate"), NO_RULES)).toEqual({
    ...NOTHING,
    anyWidth: true,
    rate: true,
  });
  expect(neededRules(planWith("any_cameras"), NO_RULES)).toEqual({ ...NOTHING, anyCameras: true });
});

it("keeps what was chosen in sight", () => {
  expect(neededRules(planWith(), { rate: 30, anyWidth: true, anyCameras: false })).toEqual({
    ...NOTHING,
    rate: true,
    anyWidth: true,
  });
});
