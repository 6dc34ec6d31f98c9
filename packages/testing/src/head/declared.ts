import type { Checks } from "../check.ts";
import { holds, isName, isOneLine, refuses } from "../expectations.ts";
import { attach } from "./attach.ts";
import type { HeadSubject } from "./subject.ts";

/** What a head says of itself, and what it refuses. */
export function declaredChecks(subject: HeadSubject): Checks {
  const { make, expectedName } = subject;
  const where = (): string => `heads/${expectedName ?? make().name}`;
  return {
    "name is kebab-case and the expected one": () => isName(make().name, expectedName),
    "summary is one line": () => isOneLine("the summary", make().summary),
    "task is set": () => isOneLine("the task", make().task),
    "options that it knows are accepted": () => {
      for (const options of subject.validOptions) attach(make(options), subject.problem(), 1);
    },
    "options that it does not know are refused by name": () => {
      const message = refuses("an unknown option", where(), () => make({ "kit-unknown": 1 }));
      holds(
        message.includes('unknown option "kit-unknown"'),
        () => `expected the error to name the option "kit-unknown"; received "${message}"`,
      );
    },
    "wrong values of options are refused": () => {
      for (const options of subject.invalidOptions) refuses(JSON.stringify(options), where(), () => make(options));
    },
    "a task that it can do is accepted": () => {
      const { features, spec } = subject.problem();
      make().check({ dims: features.dims.slice(1) }, spec);
    },
    "a task that it cannot do is refused": () => {
      const { features, spec } = subject.problem();
      const dims = features.dims.slice(1);
      const refused = subject.refused ?? [
        { features: { dims: [] }, targets: spec },
        { features: { dims: [2, 2, 2, 2, 2] }, targets: spec },
        { features: { dims }, targets: { ...spec, classes: [] } },
        { features: { dims }, targets: { ...spec, classes: ["only"] } },
      ];
      for (const { features: wrong, targets } of refused) {
        const what = `features [${wrong.dims.join(", ")}] with ${targets.classes.length} classes`;
        refuses(what, where(), () => make().check(wrong, targets));
      }
    },
  };
}
