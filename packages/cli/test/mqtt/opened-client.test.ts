import { ConnectionEndedError, ConnectionRefusedError } from '@busbar/client';
import { ReasonCode } from '@busbar/codec';
import { TransportError } from '@busbar/transport';
import { expect, test } from 'vitest';
import { explainFailure } from '../../src/mqtt/opened-client.ts';

test.each([
  [ReasonCode.unsupportedProtocolVersion, 1, 132],
  [ReasonCode.clientIdentifierNotValid, 2, 133],
  [ReasonCode.serverUnavailable, 3, 136],
  [ReasonCode.badUserNameOrPassword, 4, 134],
  [ReasonCode.notAuthorized, 5, 135],
] as const)('a refusal with Reason Code %i ends with %i below 5.0 and %i in 5.0', (reasonCode, below, since) => {
  const refusal = new ConnectionRefusedError(reasonCode, {});
  expect(explainFailure(refusal, 3).exitCode).toBe(below);
  expect(explainFailure(refusal, 4).exitCode).toBe(below);
  expect(explainFailure(refusal, 5).exitCode).toBe(since);
});

test('no connection ends with 1, a connection that broke with 7', () => {
  expect(explainFailure(new TransportError('ECONNREFUSED', 'nobody listens'), 4)).toEqual({
    exitCode: 1,
    line: 'nobody listens',
  });
  const lost = new ConnectionEndedError('lost', ReasonCode.unspecifiedError, 'reset by peer');
  expect(explainFailure(lost, 4).exitCode).toBe(7);
});
