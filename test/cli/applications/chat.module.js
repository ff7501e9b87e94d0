// An application that says nothing about itself: everything comes from the environment, and so from the flags of `serve`.
import { Inject, Injectable, Module } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';

class ChatListener {
  constructor(manager) {
    this.manager = manager;
  }

  join({ connectionId, message }) {
    return this.manager.joinChannel(connectionId, message.channel);
  }
}
Injectable()(ChatListener);
Inject(WebSocketManager)(ChatListener, undefined, 0);
OnEvent('websocket.join')(
  ChatListener.prototype,
  'join',
  Object.getOwnPropertyDescriptor(ChatListener.prototype, 'join'),
);

export class ChatModule {}
Module({ imports: [WebSocketModule.forRoot()], providers: [ChatListener] })(ChatModule);
