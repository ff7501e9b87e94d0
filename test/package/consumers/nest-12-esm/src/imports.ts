// Importing is all that this program does.
import * as application from 'nestjs-apigateway-websocket';
import * as gateway from 'nestjs-apigateway-websocket/gateway';

console.log(JSON.stringify({ application: Object.keys(application), gateway: Object.keys(gateway) }));
