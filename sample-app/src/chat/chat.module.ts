import { Module } from '@nestjs/common';
import { ChatListener } from './chat.listener.js';
import { ChatService } from './chat.service.js';
import { NameService } from './name.service.js';
import { PresenceListener } from './presence.listener.js';

@Module({ providers: [NameService, ChatService, ChatListener, PresenceListener] })
export class ChatModule {}
