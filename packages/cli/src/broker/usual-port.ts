/** The port that IANA has given to MQTT. */
export const USUAL_PORT = 1883;
