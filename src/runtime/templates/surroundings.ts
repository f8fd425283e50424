// The files around the five: package.json, tsconfig.json, .gitignore and README.md of a new project.

import { oneLine } from "./code.ts";
import type { ProjectPlan } from "./plan.ts";
import { purposeOf } from "./words.ts";

export function packageFile({ name, version }: ProjectPlan): string {
  return json({
    name,
    private: true,
    type: "module",
    engines: { node: ">=24" },
    scripts: { dev: "pentad dev", start: "pentad start", check: "tsc" },
    dependencies: { pentad: `^${version}` },
    devDependencies: { typescript: "^7.0.2" },
  });
}

export function compilerFile(): string {
  return json({
    compilerOptions: {
      target: "es2024",
      module: "nodenext",
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
    },
    exclude: ["node_modules", ".pentad"],
  });
}

export function ignoreFile(): string {
  return "node_modules/\n.pentad/\n";
}

export function readmeFile(plan: ProjectPlan): string {
  const { source, stem, title, question, feasibility, left } = plan;
  const origin = source.web === undefined ? "" : `, downloaded from ${oneLine(source.web)}`;
  const outside = source.outside ? " (left where it is, since it is large)" : "";
  return `# ${markdown(title)}

${markdown(question)}

Made from \`${oneLine(source.shown).replaceAll("`", "'")}\` (${source.rows.toLocaleString("en")} rows)${origin}${outside}. ${markdown(feasibility)}.

\`\`\`sh
npm install        # once; Node 24 or newer is needed: npm install node@26 puts one into this folder
npx pentad dev     # ingests, trains, judges, serves and opens the page, and follows your changes
\`\`\`

| file | step |
| --- | --- |
| [problem.ts](problem.ts) | ${purposeOf(plan.task)} |
| [data/${stem}.ts](data/${stem}.ts) | where rows come from, and what they must look like${left.length > 0 ? "; what was left out, and why" : ""} |
| [training.ts](training.ts) | what is tried, and when again |
| [inference.ts](inference.ts) | how the model answers |
| [app.ts](app.ts) | the page where people ask |

\`npx pentad status\` says how each of them is doing, \`npm run check\` finds mistakes in their types.
`;
}

/** A name from a file must not become a heading, a link or a line of its own. */
function markdown(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>#|]/g, "\\$&");
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2).replace(/\[\n\s+("[^"]*"(?:,\n\s+"[^"]*")*)\n\s+\]/g, (_, items: string) => `[${items.replace(/,\n\s+/g, ", ")}]`)}\n`;
}
