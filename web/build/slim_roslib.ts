import type { Plugin } from "vite";

/**
 * roslib's bundle starts an XML parser for URDF files while it is imported, which keeps 35 kB (gzipped)
 * that the panel never calls. Marking that one call as pure lets the bundler drop it. If a newer roslib
 * looks different nothing is changed and the panel is merely larger.
 */
export function slimRoslib(): Plugin {
  return {
    name: "slim-roslib",
    apply: "build",
    transform(code, id) {
      if (!id.includes("/node_modules/roslib/")) return null;
      return {
        code: code.replace(/^var (\w+) = (\w+)\(\);$/gm, "var $1 = /* @__PURE__ */ $2();"),
        map: null,
      };
    },
  };
}
