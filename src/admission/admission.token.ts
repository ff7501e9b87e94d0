/** Injects the application's `Admission`, `null` where everybody may do everything. */
export const WEBSOCKET_ADMISSION = Symbol('WEBSOCKET_ADMISSION');
