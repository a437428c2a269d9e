// Writes every vector of cctv-age into the directory that is named, one file each.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vectors from "cctv-age";

for (const [name, content] of Object.entries(vectors)) writeFileSync(join(process.argv[2], name), content);
