/** What the template depends on. */
export interface ServerlessSettings {
  /** Route keys beside those that API Gateway reserves, e.g. `join`; letters, digits, `-` and `_`. */
  readonly routes: readonly string[];
  /** Whether the project is compiled to CommonJS, which has to `require` this package. */
  readonly isCommonJs: boolean;
}

const ROUTE_OF_ONES_OWN = `      # Each route that the application listens to, as websocket.{route}:
      # - websocket: join
`;

// "Building Lambda functions with Node.js" in AWS's guide: the runtimes of Node 20 and 22 start Node with --no-experimental-require-module.
const REQUIRING = `    # This project is CommonJS and requires ES modules, which Lambda's Node 22 does not let it by itself.
    NODE_OPTIONS: --experimental-require-module
`;

/** A WebSocket API with its function, its sweep, its table, and what they are allowed to do. */
export function serverlessTemplate({ routes, isCommonJs }: ServerlessSettings): string {
  const events =
    routes.length === 0 ? ROUTE_OF_ONES_OWN : routes.map((route) => `      - websocket: '${route}'\n`).join('');
  return `# Deploy with the Serverless Framework: npx tsc, then npx osls deploy
service: websocket
frameworkVersion: '4'
configValidationMode: error

provider:
  name: aws
  runtime: nodejs22.x
  architecture: arm64
  memorySize: 1024
  # API Gateway waits for 29 seconds at most.
  timeout: 29
  stage: \${opt:stage, 'production'}
  websocketsApiRouteSelectionExpression: $request.body.action
  environment:
    WEBSOCKET_DYNAMODB_TABLE: { Ref: WebSocketConnections }
${isCommonJs ? REQUIRING : ''}
package:
  # What runs is in dist and node_modules; packages for development are left out by themselves.
  patterns: ['!**/.env*', '!*', '!.*/**', '!{src,test}/**', '!node_modules/**/*.{d.ts,map,md}', package.json]

functions:
  websocket:
    handler: dist/lambda.handler
    role: WebsocketRole
    events:
      - websocket: $connect
      - websocket: $disconnect
      - websocket: $default
${events}
  # Ends connections whose end nobody was told of.
  sweep:
    handler: dist/lambda.handler
    role: SweepRole
    timeout: 300
    events:
      - schedule: rate(30 minutes)

resources:
  Outputs:
    ConnectionUrl:
      Value: { Fn::Sub: 'wss://\${WebsocketsApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/\${sls:stage}' }
  extensions:
    # Only this API may invoke the function.
    WebsocketLambdaPermissionWebsockets:
      Properties:
        SourceArn:
          Fn::Sub: arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${WebsocketsApi}/\${sls:stage}/*
  Resources:
    # A role for each function: to the one that it makes by itself the framework adds posting on every API of the account.
    WebsocketRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument: &assumed
          Version: '2012-10-17'
          Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', Principal: { Service: lambda.amazonaws.com } }]
        Policies:
          - PolicyName: websocket
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: Allow
                  Action: [logs:CreateLogStream, logs:PutLogEvents]
                  Resource: { Fn::GetAtt: [WebsocketLogGroup, Arn] }
                - Effect: Allow
                  Action: execute-api:ManageConnections
                  Resource:
                    - &post { Fn::Sub: '${connections('POST')}' }
                    - &close { Fn::Sub: '${connections('DELETE')}' }
                - &connections
                  Effect: Allow
                  Action:
                    - dynamodb:BatchGetItem
                    - dynamodb:DeleteItem
                    - dynamodb:GetItem
                    - dynamodb:PutItem
                    - dynamodb:Query
                    - dynamodb:UpdateItem
                  Resource: { Fn::GetAtt: [WebSocketConnections, Arn] }
    # It may ask API Gateway about connections, too: createLambdaHandler(AppModule, { cleanup: { askGateway: true } }).
    SweepRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument: *assumed
        Policies:
          - PolicyName: sweep
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: Allow
                  Action: [logs:CreateLogStream, logs:PutLogEvents]
                  Resource: { Fn::GetAtt: [SweepLogGroup, Arn] }
                - Effect: Allow
                  Action: execute-api:ManageConnections
                  Resource:
                    - *post
                    - *close
                    - Fn::Sub: '${connections('GET')}'
                - *connections
    WebSocketConnections:
      Type: AWS::DynamoDB::Table
      # A table that a stack no longer has keeps its items.
      DeletionPolicy: Retain
      UpdateReplacePolicy: Retain
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions:
          - { AttributeName: pk, AttributeType: S }
          - { AttributeName: sk, AttributeType: S }
        KeySchema:
          - { AttributeName: pk, KeyType: HASH }
          - { AttributeName: sk, KeyType: RANGE }
        TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
`;
}

/** The connections of this API and stage, for a method of the Management API. */
function connections(method: string): string {
  return (
    'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:' +
    `\${WebsocketsApi}/\${sls:stage}/${method}/@connections/*`
  );
}
