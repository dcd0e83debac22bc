import type { PayloadSource } from './tool-settings.ts';
import type { Voice } from './voice.ts';

/** Reads what `-m`, `-f`, `-s` or `-n` means. @returns Undefined when it cannot be had, which is told. */
export async function loadPayload(source: PayloadSource, voice: Voice): Promise<Uint8Array | undefined> {
  switch (source.kind) {
    case 'text':
      return Buffer.from(source.text);
    case 'file':
      return loadFile(source.path, voice);
    case 'stdin':
      return loadStdin(voice);
    default:
      return new Uint8Array(0);
  }
}

async function loadFile(path: string, voice: Voice): Promise<Uint8Array | undefined> {
  try {
    const { readFile } = await import('node:fs/promises');
    return await readFile(path);
  } catch (error) {
    const { lowerFirst, systemWords } = await import('./system-words.ts');
    const words = systemWords(error);
    const theirs = `Error: Unable to read file "${path}": ${words}.\nError loading input file "${path}".`;
    voice.tell(theirs, `Error: cannot read -f ${path}: ${lowerFirst(words)}`);
    return undefined;
  }
}

async function loadStdin(voice: Voice): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  if (chunks.length > 0) return Buffer.concat(chunks);
  const theirs = 'Error: Zero length input.\nError loading input from stdin.';
  voice.tell(theirs, 'Error: stdin (-s) is empty; -n sends an empty message');
  return undefined;
}
