import { LIMIT_BOUNDS } from '@busbar/broker';
import { describe, expect, test } from 'vitest';
import { checkSettings, keysAt } from '../../src/config/check-settings.ts';
import { loadYaml, overridesOf, parseOverride } from '../../src/config/load-yaml.ts';
import { ConfigurationError } from '../../src/config/place.ts';
import { showConfiguration } from '../../src/config/show.ts';

function faultsOf(text: string, overrides = [] as Parameters<typeof loadYaml>[2]): readonly string[] {
  try {
    const raw = loadYaml(text, 'busbar.yaml', overrides);
    checkSettings(raw.settings, raw.findPlace);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

function check(text: string, overrides = [] as Parameters<typeof loadYaml>[2]) {
  const raw = loadYaml(text, 'busbar.yaml', overrides);
  return checkSettings(raw.settings, raw.findPlace);
}

describe('checkSettings', () => {
  test('an empty file is a configuration', () => {
    expect(check('')).toEqual({});
    expect(check('# nothing\n')).toEqual({});
  });

  test('all that is wrong, in its order, with line, what is allowed and the nearest spelling', () => {
    const text = `listeners:
  - port: 99999
    transprt: tls
  - transport: tsl
limits:
  maximumConections: 5
  maximumPacketSize: big
authorization:
  rules:
    - allow: publsh
      topics: a/#
    - deny: all
authentication:
  chain:
    - passwordFle: x
    - token: { algorithms: [] }
lmits: {}
`;
    expect(faultsOf(text)).toEqual([
      'busbar.yaml:2: listeners[0].port must be at most 65535, not 99999',
      'busbar.yaml:3: there is no setting listeners[0].transprt; did you mean transport?',
      "busbar.yaml:4: listeners[1].transport must be tcp, tls, ws, wss or unix, not 'tsl'; did you mean tls?",
      'busbar.yaml:6: there is no setting limits.maximumConections; did you mean maximumConnections?',
      "busbar.yaml:7: limits.maximumPacketSize must be a number, not 'big'",
      "busbar.yaml:10: authorization.rules[0].allow must be publish, subscribe, receive, read or all, not 'publsh'; did you mean publish?",
      'busbar.yaml:12: authorization.rules[1].topics is missing: text',
      'busbar.yaml:15: there is no setting authentication.chain[0].passwordFle; did you mean passwordFile?',
      'busbar.yaml:16: authentication.chain[1].token.algorithms must have at least 1',
      'busbar.yaml:17: there is no setting lmits; did you mean limits?',
    ]);
  });

  test.each([
    ['listeners: 5', 'busbar.yaml:1: listeners must be a list, not 5'],
    ['- a\n- b', 'busbar.yaml:1: the configuration must be settings with names, not a list'],
    ['limits:\n  receiveMaximum: 0', 'busbar.yaml:2: limits.receiveMaximum must be at least 1, not 0'],
    ['limits:\n  receiveMaximum: 1.5', 'busbar.yaml:2: limits.receiveMaximum must be a whole number, not 1.5'],
    ['capabilities:\n  maximumQoS: 3', 'busbar.yaml:2: capabilities.maximumQoS must be 0, 1 or 2, not 3'],
    [
      'authentication:\n  allowAnonymous: yes please',
      "busbar.yaml:2: authentication.allowAnonymous must be true or false, not 'yes please'",
    ],
    ["listeners:\n  - host: ''", 'busbar.yaml:2: listeners[0].host must not be empty'],
    ['log:\n  level: info\n  level: warn', 'busbar.yaml:3: Map keys must be unique'],
    ['log: [', 'busbar.yaml:1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['__proto__: { a: 1 }', 'busbar.yaml:1: there is no setting __proto__'],
  ])('%j', (text, fault) => {
    expect(faultsOf(text)[0]).toContain(fault);
  });

  test('every limit has its setting, with its bounds', () => {
    expect(keysAt(['limits'])).toEqual([...Object.keys(LIMIT_BOUNDS), 'queuePolicy', 'ratePolicy']);
    for (const [name, { minimum, maximum }] of Object.entries(LIMIT_BOUNDS)) {
      expect(faultsOf(`limits: { ${name}: ${minimum} }`)).toEqual([]);
      expect(faultsOf(`limits: { ${name}: ${maximum} }`)).toEqual([]);
      expect(faultsOf(`limits: { ${name}: ${minimum - 1} }`)).toHaveLength(1);
    }
  });
});

describe('overrides', () => {
  test('a setting of the command line takes the place of that of the file', () => {
    const overrides = ['listeners[0].port=1884', 'limits.maximumConnections=7', 'log.level=warn'].map(parseOverride);
    expect(check('listeners: [{ port: 1 }]\nlimits: { receiveMaximum: 5 }', overrides)).toEqual({
      listeners: [{ port: 1884 }],
      limits: { receiveMaximum: 5, maximumConnections: 7 },
      log: { level: 'warn' },
    });
    expect(check('', [parseOverride('listeners[0].host="0.0.0.0"')])).toEqual({ listeners: [{ host: '0.0.0.0' }] });
  });

  test('text is text, whatever it looks like; in quotes it is read as in the file', () => {
    const texts = ['12345', '0x10', 'null', 'true', '@home', '*star', '!bang', '#5', 'a #b', 'a: b: c', '[x', "it's"];
    for (const text of texts) {
      expect(check('', [parseOverride(`http.token=${text}`)]).http?.token).toBe(text);
      expect(check('', overridesOf({ BUSBAR_HTTP_TOKEN: text })).http?.token).toBe(text);
    }
    expect(check('', [parseOverride("http.token='0x10'")]).http?.token).toBe('0x10');
    expect(check('', [parseOverride('listeners[0].tls.ca=[a.pem, b.pem]')]).listeners?.[0]?.tls?.ca).toHaveLength(2);
    expect(check('', [parseOverride('listeners[0].tls.ca=7')]).listeners?.[0]?.tls?.ca).toBe('7');
    expect(check('', [parseOverride('listeners[0].aclFile=false')]).listeners?.[0]?.aclFile).toBe(false);
    const header = 'authentication.chain[0].http={url: "http://a/", headers: {k: v}}';
    const chain = check('', [parseOverride(header), parseOverride('authentication.chain[0].http.headers.k=5')]);
    expect(chain.authentication?.chain?.[0]).toMatchObject({ http: { headers: { k: '5' } } });
  });

  test('what is no setting, or not understood, is said with where it stands, and without the value', () => {
    const faults = (...texts: readonly string[]): readonly string[] => {
      try {
        return faultsOf('listeners: [{ port: 1 }]\nlog: { level: info }', texts.map(parseOverride));
      } catch (error) {
        if (error instanceof ConfigurationError) return error.faults;
        throw error;
      }
    };
    expect(faults('listeners[-1].port=2')).toEqual([
      '--set listeners[-1].port: there is no -1 in listeners, which has 1',
    ]);
    expect(faults('listeners[99999999].port=2')[0]).toContain('listeners, which has 1');
    expect(faults('listeners[1].port=2')).toEqual([]);
    expect(faults('listeners[2].port=2', 'listeners[1].port=3')).toEqual([]);
    expect(faults('log.level.x=2')).toEqual(['--set log.level.x: there is no such setting']);
    expect(faults('authentication.chain=[{ secret')).toEqual([
      '--set authentication.chain: the value is not understood; text with signs of YAML stands in quotes',
    ]);
    expect(faults('limits.maximumConnections=')).toEqual([
      '--set limits.maximumConnections: limits.maximumConnections must be a number, not nothing',
    ]);
  });

  test('so does a variable; others that begin with BUSBAR_ are nobody’s business', () => {
    const overrides = overridesOf({
      BUSBAR_LIMITS_MAXIMUM_CONNECTIONS: '9',
      BUSBAR_CAPABILITIES_MAXIMUM_QOS: '1',
      BUSBAR_LISTENERS_0_USE_IDENTITY_AS_USER_NAME: 'cn',
      BUSBAR_SYSTEM_TOPICS_INTERVAL: '0',
      BUSBAR_INSTALL_PEERS: '0',
      PATH: '/bin',
    });
    expect(check('', overrides)).toEqual({
      limits: { maximumConnections: 9 },
      capabilities: { maximumQoS: 1 },
      listeners: [{ useIdentityAsUserName: 'cn' }],
      systemTopicsInterval: 0,
    });
    expect(() => overridesOf({ BUSBAR_LIMITS_MAXIMUM_CONECTIONS: '9' })).toThrow(
      'BUSBAR_LIMITS_MAXIMUM_CONECTIONS: there is no such setting; did you mean BUSBAR_LIMITS_MAXIMUM_CONNECTIONS?',
    );
  });

  test('what is wrong with one is said of it, not of the file', () => {
    const faults = faultsOf('limits: {}', [parseOverride('limits.receiveMaximum=0'), parseOverride('lmits.x=1')]);
    expect(faults).toContain('--set limits.receiveMaximum: limits.receiveMaximum must be at least 1, not 0');
    expect(faults.join()).toContain('there is no setting lmits; did you mean limits?');
  });
});

test('what is shown holds no secrets', () => {
  const text = showConfiguration(
    check(`authentication:
  chain:
    - http: { url: 'https://user:pa55@id.plant/login?key=q5ery&x=1', headers: { authorization: 'Bearer s3cret', x-key: k3y } }
    - passwordFile: passwd
`),
  );
  for (const secret of ['pa55', 's3cret', 'k3y', 'q5ery']) expect(text).not.toContain(secret);
  expect(text).toContain('passwordFile: passwd');
});
