import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderConfigurationReference, renderMosquittoReference } from '../../src/config/reference.ts';

test.each([
  ['configuration.md', renderConfigurationReference],
  ['mosquitto-conf.md', renderMosquittoReference],
])(
  'docs/reference/%s is what the sources say (node scripts/generate-configuration-reference.mjs writes it)',
  (page, render) => {
    expect(readFileSync(new URL(`../../../../docs/reference/${page}`, import.meta.url), 'utf8')).toBe(render());
  },
);
