import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, constants } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(js|css|html|svg|json|txt)$/;
const KIB = 1000;

/** Every text file that a build wrote gets a `.gz` beside it, so that the server never compresses. */
export function compress(): Plugin {
  let outDir = "";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    async writeBundle() {
      for (const entry of await readdir(outDir, { recursive: true })) {
        const path = join(outDir, entry);
        if (!COMPRESSIBLE.test(entry) || !(await stat(path)).isFile()) continue;
        const text = await readFile(path);
        const packed = gzipSync(text, { level: constants.Z_BEST_COMPRESSION });
        if (packed.length < text.length) await writeFile(`${path}.gz`, packed);
      }
    },
  };
}

/** Fails the build where the JavaScript of the first load is above `limit` kB, gzipped. */
export function budget(limit: number): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const first = new Set<string>();
      const visit = (name: string): void => {
        const chunk = bundle[name];
        if (first.has(name) || chunk?.type !== "chunk") return;
        first.add(name);
        chunk.imports.forEach(visit);
      };
      for (const [name, chunk] of Object.entries(bundle)) {
        if (chunk.type === "chunk" && chunk.isEntry) visit(name);
      }
      let bytes = 0;
      for (const name of first) {
        const chunk = bundle[name];
        if (chunk?.type === "chunk") bytes += gzipSync(chunk.code, { level: 9 }).length;
      }
      const size = (bytes / KIB).toFixed(1);
      if (bytes > limit * KIB) {
        this.error(`JavaScript on first load: ${size} kB gzipped, above the limit of ${limit} kB`);
      }
      this.info(`JavaScript on first load: ${size} kB gzipped of ${limit} kB allowed`);
    },
  };
}
