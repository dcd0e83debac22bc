import { isColorful } from '../terminal/color.ts';
import { Keyboard } from '../terminal/keyboard.ts';
import { Screen } from '../terminal/screen.ts';
import { createStyle } from '../terminal/style.ts';
import { ToolClient } from '../tool/tool-client.ts';
import { ToolExit } from '../tool/tool-exit.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { Voice } from '../tool/voice.ts';
import { describePlace } from '../tool/wire-dial.ts';
import { renderTop } from './render-top.ts';
import { TopModel } from './top-model.ts';

const FRAME_MS = 250;
/** Lines of the picture where there is no terminal, and how long it gathers by default. */
const PLAIN_ROWS = 40;
const PLAIN_COLUMNS = 120;
const PLAIN_SECONDS = 3;

/** Shows the topics of a server until a key, a signal or -W ends it; elsewhere than in a terminal, once. @returns The exit code. */
export async function runTop(settings: ToolSettings): Promise<number> {
  const { stdin, stdout } = process;
  const { TERM: terminal } = process.env;
  const isTerminal = stdout.isTTY === true && stdin.isTTY === true && terminal !== 'dumb';
  const style = createStyle(isColorful(stdout));
  const model = new TopModel(describePlace(settings));
  const screen = new Screen(stdout);
  // The notes of a lost connection would stand in the middle of the picture.
  const voice = new Voice('sub', false);
  const exit = new ToolExit(voice);
  const client = new ToolClient(
    settings,
    voice,
    {
      handleConnected: () => {
        const filters = settings.topicFilters.length === 0 ? ['#'] : settings.topicFilters;
        const options = settings.qos | (settings.retainHandling << 4);
        client.subscribe(filters.map((topicFilter) => ({ topicFilter, options })));
        if (isTerminal) screen.open(draw);
      },
      handleMessage: (message) => model.handleMessage(message, Date.now()),
    },
    exit,
    'always',
  );
  function draw(): void {
    screen.draw(renderTop(model.view(screen.rows, Date.now()), screen.columns, style));
  }
  const keyboard = new Keyboard(stdin, (key) => {
    if (model.handleKey(key)) exit.end(0);
    else draw();
  });
  const stop = () => exit.end(0);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const seconds = settings.timeoutSeconds || (isTerminal ? 0 : PLAIN_SECONDS);
  const timeout = seconds > 0 ? setTimeout(stop, seconds * 1000) : undefined;
  const ticks = setInterval(() => model.tick(), 1000);
  const frames = isTerminal ? setInterval(draw, FRAME_MS) : undefined;
  if (isTerminal) keyboard.open();
  voice.hush(isTerminal && settings.isQuiet);
  void client.connect();

  const exitCode = await exit.reached;
  clearTimeout(timeout);
  clearInterval(ticks);
  clearInterval(frames);
  if (isTerminal) keyboard.close();
  screen.close();
  process.off('SIGINT', stop).off('SIGTERM', stop);
  client.disconnect();
  await client.close();
  if (!isTerminal && exitCode === 0) {
    const lines = renderTop(model.view(PLAIN_ROWS, Date.now()), PLAIN_COLUMNS, style);
    stdout.write(`${lines.slice(0, -1).join('\n')}\n`);
  }
  return exitCode;
}
