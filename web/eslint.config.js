import js from "@eslint/js";
import globals from "globals";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/**
 * Imports point one way: app -> features -> (state, media, ui -> route) -> ros -> text.
 * A folder may import from itself and from what stands here; `roslib` only from ros.
 */
const PARTS_OF_ROS = [
  "ros/commands",
  "ros/editing",
  "ros/jobs",
  "ros/messages",
  "ros/training",
  "ros/training_commands",
];
const FOLDERS = {
  text: [],
  ros: ["text"],
  state: ["ros", "text"],
  media: ["text"],
  route: ["text"],
  ui: ["route", "ros/jobs", "text"],
  features: ["state", "media", "route", "ui", ...PARTS_OF_ROS, "text"],
};
const ALL = ["app", "features", "state", "media", "route", "ui", "ros", "text"];

function directions(folder, allowed) {
  const refused = ALL.filter((other) => other !== folder && !allowed.includes(other));
  const patterns = refused.map((other) => ({
    group: [`@/${other}/*`, ...allowed.filter((a) => a.startsWith(`${other}/`)).map((a) => `!@/${a}.ts`)],
    message: `${folder}/ may not import from ${other}/ (see eslint.config.js).`,
  }));
  patterns.push({
    group: ["../../*"],
    message: "Import other folders by @/…, so that directions can be seen.",
  });
  if (folder !== "ros") patterns.push({ group: ["roslib"], message: "Only ros/ talks to roslib." });
  return {
    files: [`src/${folder}/**/*.{ts,tsx}`],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  };
}

/** One feature never reaches into another. */
function isolated(feature, others) {
  const base = directions("features", FOLDERS.features);
  const [, options] = base.rules["no-restricted-imports"];
  return {
    files: [`src/features/${feature}/**/*.{ts,tsx}`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            ...options.patterns,
            {
              group: others.map((other) => `@/features/${other}/*`),
              message: "A feature does not import from another one; share through ui/, state/ or media/.",
            },
          ],
        },
      ],
    },
  };
}

const FEATURES = ["skills", "datasets", "training", "jobs", "logs"];
/** Parts of several features; they themselves know none. */
const SHARED = ["upload"];

export default tseslint.config(
  { ignores: ["node_modules", "coverage", "dist"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  reactHooks.configs.flat["recommended-latest"],
  jsxA11y.flatConfigs.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "max-lines": ["error", { max: 320 }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Text from the robot is never HTML.",
        },
      ],
    },
  },
  { files: ["eslint.config.js"], extends: [tseslint.configs.disableTypeChecked] },
  ...Object.entries(FOLDERS).map(([folder, allowed]) => directions(folder, allowed)),
  ...FEATURES.map((feature) =>
    isolated(
      feature,
      FEATURES.filter((other) => other !== feature),
    ),
  ),
  ...SHARED.map((feature) => isolated(feature, FEATURES)),
);
