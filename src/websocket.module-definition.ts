import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { WebSocketModuleOptions } from './websocket.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<WebSocketModuleOptions>({ moduleName: 'WebSocket' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createWebSocketOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

/** The token of the options once they are completed and checked. */
export const WEBSOCKET_OPTIONS = Symbol.for('nestjs-apigateway-websocket:options');
