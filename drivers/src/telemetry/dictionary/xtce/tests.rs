//! XTCE files as users have them, and what is wrong with some.

use super::super::{Calibration, Coding, Limits};
use super::*;

const HEAD: &str = r#"<?xml version="1.0"?>
<SpaceSystem name="Sat" xmlns="http://www.omg.org/spec/XTCE/20180204">
 <TelemetryMetaData>
  <ParameterTypeSet>
   <IntegerParameterType name="u3" signed="false"><IntegerDataEncoding sizeInBits="3"/></IntegerParameterType>
   <IntegerParameterType name="u1" signed="false"><IntegerDataEncoding sizeInBits="1"/></IntegerParameterType>
   <IntegerParameterType name="u11" signed="false"><IntegerDataEncoding sizeInBits="11"/></IntegerParameterType>
   <IntegerParameterType name="u2" signed="false"><IntegerDataEncoding sizeInBits="2"/></IntegerParameterType>
   <IntegerParameterType name="u14" signed="false"><IntegerDataEncoding sizeInBits="14"/></IntegerParameterType>
   <IntegerParameterType name="u16" signed="false"><IntegerDataEncoding sizeInBits="16"/></IntegerParameterType>
   <IntegerParameterType name="u8" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
   <BinaryParameterType name="time"><BinaryDataEncoding><SizeInBits><FixedValue>56</FixedValue></SizeInBits></BinaryDataEncoding></BinaryParameterType>
   <FloatParameterType name="volts"><UnitSet><Unit>V</Unit></UnitSet>
    <IntegerDataEncoding sizeInBits="16" encoding="twosComplement"><DefaultCalibrator><PolynomialCalibrator>
     <Term coefficient="0.5" exponent="0"/><Term coefficient="0.001" exponent="1"/></PolynomialCalibrator></DefaultCalibrator></IntegerDataEncoding>
    <DefaultAlarm><StaticAlarmRanges><WarningRange minInclusive="24" maxInclusive="34"/><CriticalRange minInclusive="22"/></StaticAlarmRanges></DefaultAlarm>
   </FloatParameterType>
   <FloatParameterType name="temp"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><SplineCalibrator>
     <SplinePoint raw="255" calibrated="100"/><SplinePoint raw="0" calibrated="-50"/></SplineCalibrator></DefaultCalibrator></IntegerDataEncoding></FloatParameterType>
   <FloatParameterType name="f32"><FloatDataEncoding sizeInBits="32"/></FloatParameterType>
   <EnumeratedParameterType name="mode"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
     <Enumeration value="1" label="SAFE"/><Enumeration value="2" label="SUN"/></EnumerationList></EnumeratedParameterType>
  </ParameterTypeSet>
  <ParameterSet>
   <Parameter name="version" parameterTypeRef="u3"/><Parameter name="kind" parameterTypeRef="u1"/>
   <Parameter name="shf" parameterTypeRef="u1"/><Parameter name="apid" parameterTypeRef="u11"/>
   <Parameter name="flags" parameterTypeRef="u2"/><Parameter name="count" parameterTypeRef="u14"/>
   <Parameter name="length" parameterTypeRef="u16"/><Parameter name="pus" parameterTypeRef="u8"/>
   <Parameter name="service" parameterTypeRef="u8"/><Parameter name="subtype" parameterTypeRef="u8"/>
   <Parameter name="messages" parameterTypeRef="u16"/><Parameter name="destination" parameterTypeRef="u16"/>
   <Parameter name="time" parameterTypeRef="time"/><Parameter name="bus" parameterTypeRef="/Sat/volts"/>
   <Parameter name="board" parameterTypeRef="temp"/><Parameter name="gain" parameterTypeRef="f32"/>
   <Parameter name="mode" parameterTypeRef="mode"/><Parameter name="crc" parameterTypeRef="u16"/>
  </ParameterSet>
  <ContainerSet>
   <SequenceContainer name="Header" abstract="true"><EntryList>
    <ParameterRefEntry parameterRef="version"/><ParameterRefEntry parameterRef="kind"/><ParameterRefEntry parameterRef="shf"/>
    <ParameterRefEntry parameterRef="apid"/><ParameterRefEntry parameterRef="flags"/><ParameterRefEntry parameterRef="count"/>
    <ParameterRefEntry parameterRef="length"/></EntryList></SequenceContainer>
   <SequenceContainer name="Report" abstract="true"><EntryList>
    <ParameterRefEntry parameterRef="pus"/><ParameterRefEntry parameterRef="service"/><ParameterRefEntry parameterRef="subtype"/>
    <ParameterRefEntry parameterRef="messages"/><ParameterRefEntry parameterRef="destination"/><ParameterRefEntry parameterRef="time"/></EntryList>
    <BaseContainer containerRef="Header"><RestrictionCriteria><Comparison parameterRef="shf" value="1"/></RestrictionCriteria></BaseContainer></SequenceContainer>
   <SequenceContainer name="Housekeeping"><EntryList>
    <ParameterRefEntry parameterRef="mode"/><ParameterRefEntry parameterRef="bus"/><ParameterRefEntry parameterRef="board"/>
    <ParameterRefEntry parameterRef="gain"/><ParameterRefEntry parameterRef="crc"/></EntryList>
    <BaseContainer containerRef="Report"><RestrictionCriteria><ComparisonList>
     <Comparison parameterRef="apid" value="0x42"/><Comparison parameterRef="service" value="3"/><Comparison parameterRef="mode" value="SUN"/>
    </ComparisonList></RestrictionCriteria></BaseContainer></SequenceContainer>
  </ContainerSet>
 </TelemetryMetaData>
</SpaceSystem>"#;

#[test]
fn containers_become_packets() {
    let dictionary = read(HEAD).unwrap();
    assert_eq!(dictionary.name, "Sat");
    let [packet] = &dictionary.packets[..] else {
        panic!("{dictionary:?}");
    };
    assert_eq!((packet.name.as_str(), packet.apid), ("Housekeeping", 0x42));
    let service = Service {
        service: Some(3),
        subtypes: vec![],
    };
    assert_eq!(packet.service, Some(service));
    let names: Vec<&str> = packet
        .fields
        .iter()
        .filter_map(|field| field.name.as_deref())
        .collect();
    assert_eq!(names, ["mode", "bus", "board", "gain"]);
    let [mode, bus, board, gain] = &packet.fields[..] else {
        panic!("{packet:?}");
    };
    assert_eq!((mode.constant, mode.state(1)), (Some(2), Some("SAFE")));
    assert_eq!(
        (bus.coding, bus.bits, bus.unit.as_str()),
        (Coding::Signed, 16, "V")
    );
    assert_eq!(bus.calibration, Calibration::Polynomial(vec![0.5, 0.001]));
    let limits = Limits {
        yellow: Some([24.0, 34.0]),
        red: Some([22.0, f64::INFINITY]),
        valid: None,
    };
    assert_eq!(bus.limits, limits);
    let points = Calibration::Table(vec![(0.0, -50.0), (255.0, 100.0)]);
    assert_eq!(board.calibration, points);
    assert_eq!((gain.coding, gain.bits), (Coding::Float, 32));
    assert!(super::super::Layouts::compile(dictionary.clone()).is_ok());
}

#[test]
fn what_is_not_taken_is_refused_by_name() {
    for (from, to, why) in [
        ("<SpaceSystem", "<Space", "expected"),
        ("name=\"f32\"", "name=\"f\"", "`gain`: its type `f32`"),
        ("value=\"SUN\"", "value=\"MOON\"", "`mode` cannot be `MOON`"),
        (
            "containerRef=\"Report\"",
            "containerRef=\"Rapport\"",
            "`Rapport`: is not defined",
        ),
        (
            "containerRef=\"Header\"",
            "containerRef=\"Housekeeping\"",
            "contains itself",
        ),
        (
            "<Comparison parameterRef=\"shf\"",
            "<Comparison comparisonOperator=\"!=\" parameterRef=\"shf\"",
            "`!=`",
        ),
        (
            "<FloatDataEncoding ",
            "<FloatDataEncoding byteOrder=\"leastSignificantByteFirst\" ",
            "byte order",
        ),
    ] {
        let mut text = HEAD.replace(from, to);
        if from == "<SpaceSystem" {
            text = text.replace("</SpaceSystem", "</Space");
        }
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{to}: {error}");
    }
}
