// The same call for a shell and for TypeScript, ready to copy.

import { Tab, TabList, TabPanel, Tabs } from "react-aria-components/Tabs";
import { curlSnippet, type exampleInputs, typescriptSnippet } from "../calling.ts";
import { CopyButton } from "./copy-button.tsx";

export function CallingSnippets({
  name,
  inputs,
}: {
  readonly name: string;
  readonly inputs: ReturnType<typeof exampleInputs>;
}) {
  const { origin } = window.location;
  const snippets = [
    { id: "curl", title: "curl", text: curlSnippet(origin, name, inputs) },
    { id: "typescript", title: "TypeScript", text: typescriptSnippet(origin, name, inputs) },
  ];
  return (
    <Tabs className="tabs">
      <TabList aria-label="Language">
        {snippets.map(({ id, title }) => (
          <Tab key={id} id={id}>
            {title}
          </Tab>
        ))}
      </TabList>
      {snippets.map(({ id, text }) => (
        <TabPanel key={id} id={id}>
          <div className="log-frame">
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
            <pre className="log" tabIndex={0}>
              {text}
            </pre>
            <CopyButton text={text} />
          </div>
        </TabPanel>
      ))}
    </Tabs>
  );
}
