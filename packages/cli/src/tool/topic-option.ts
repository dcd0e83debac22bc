import type { Reading } from './option.ts';
import type { ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';
import { isProperText, isTopicFilter, isTopicName } from './topic-check.ts';

/** Takes `-t`: what is published to, or one more filter to subscribe to. @throws {ToolUsage} */
export function addTopic(topic: string, settings: ToolSettings, { flag, isStrict }: Reading): void {
  const typed = flag === '-L topic' ? flag : '-t';
  expectText(topic, typed);
  if (settings.tool === 'sub') {
    expectFilter(topic, '-t/--topic', 'subscription', isStrict);
    settings.topicFilters.push(topic);
    return;
  }
  const theirs = `Error: Invalid publish topic '${topic}', does it contain '+' or '#'?\n`;
  if (!isTopicName(topic)) {
    const at = topic.search(/[+#]/);
    const found = at < 0 ? 'one of more than 65535 bytes' : `${topic.charAt(at)} at character ${at + 1}`;
    throw new ToolUsage(theirs, `-t/--topic: Topic Name: expected no wildcard character, came ${found}`);
  }
  if (isStrict && topic === '' && settings.version !== 5) {
    throw new ToolUsage(theirs, '-t/--topic: Topic Name: expected at least one character, came none');
  }
  settings.topicName = topic;
}

/** Takes `-e`. @throws {ToolUsage} */
export function setResponseTopic(topic: string, settings: ToolSettings): void {
  expectText(topic, '-e');
  if (!isTopicName(topic)) {
    const theirs = `Error: Invalid response topic '${topic}', does it contain '+' or '#'?\n`;
    throw new ToolUsage(theirs, `-e: expected a Topic Name without + and #, not '${topic}'`);
  }
  settings.responseTopic = topic;
}

/** Takes `-T`. @throws {ToolUsage} */
export function addFilteredOut(filter: string, settings: ToolSettings, { isStrict }: Reading): void {
  expectText(filter, '-T');
  expectFilter(filter, '-T/--filter-out', 'filter', isStrict);
  settings.filteredOut.push(filter);
}

/** Takes `-U`. @throws {ToolUsage} */
export function addUnsubscribed(filter: string, settings: ToolSettings, { isStrict }: Reading): void {
  expectText(filter, '-U');
  expectFilter(filter, '-U/--unsubscribe', 'unsubscribe', isStrict);
  settings.unsubscribed.push(filter);
}

function expectText(topic: string, typed: string): void {
  if (isProperText(topic)) return;
  const theirs = `Error: Malformed UTF-8 in ${typed} argument.\n\n`;
  throw new ToolUsage(theirs, `${typed}: expected text without control characters`);
}

/** Mosquitto's tools leave it to the server what it thinks of an empty filter. */
function expectFilter(filter: string, typed: string, kind: string, isStrict: boolean): void {
  if (isTopicFilter(filter) && (filter !== '' || !isStrict)) return;
  const theirs = `Error: Invalid ${kind} topic '${filter}', are all '+' and '#' wildcards correct?\n`;
  throw new ToolUsage(theirs, `${typed}: '${filter}': expected a Topic Filter: + is a whole level, # the last one`);
}
