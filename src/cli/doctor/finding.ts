/** How something was found: in order, worth a look, in need of repair, or not looked at. */
export type FindingStatus = 'ok' | 'warning' | 'problem' | 'skipped';

/** One thing that the doctor looked at. */
export interface Finding {
  readonly check: 'configuration' | 'credentials' | 'endpoint' | 'store' | 'clock' | 'gateway' | 'cluster';
  readonly status: FindingStatus;
  /** One sentence. Contains no key, no token and no password. */
  readonly message: string;
  /** What to do; always there beside a problem or a warning. */
  readonly remedy?: string;
}

type Check = Finding['check'];

export function ok(check: Check, message: string): Finding {
  return { check, status: 'ok', message };
}

export function skipped(check: Check, message: string): Finding {
  return { check, status: 'skipped', message };
}

export function warning(check: Check, message: string, remedy: string): Finding {
  return { check, status: 'warning', message, remedy };
}

export function problem(check: Check, message: string, remedy: string): Finding {
  return { check, status: 'problem', message, remedy };
}
